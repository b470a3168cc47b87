import { isUndoing } from '../../../deploy/reporters/phrases';

test('an abort shows what is taken back and what goes wrong, and not the phase that happened to run', () => {
  expect(isUndoing({ type: 'phase', phase: 'test', status: 'failed', detail: 'It was aborted.' })).toBe(
    false,
  );
  expect(isUndoing({ type: 'phase', phase: 'install', status: 'started' })).toBe(false);
  expect(isUndoing({ type: 'note', message: 'the canary has 5 %' })).toBe(false);
  expect(isUndoing({ type: 'phase', phase: 'stop', status: 'done', undo: true })).toBe(true);
  expect(isUndoing({ type: 'warning', message: 'the undo failed' })).toBe(true);
});
