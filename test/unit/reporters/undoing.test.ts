import { isUndoing } from '../../../deploy/reporters/phrases';

test('an abort shows undo steps and warnings, but not the phase it interrupted', () => {
  expect(isUndoing({ type: 'phase', phase: 'test', status: 'failed', detail: 'It was aborted.' })).toBe(
    false,
  );
  expect(isUndoing({ type: 'phase', phase: 'install', status: 'started' })).toBe(false);
  expect(isUndoing({ type: 'note', message: 'the canary has 5 %' })).toBe(false);
  expect(isUndoing({ type: 'phase', phase: 'stop', status: 'done', undo: true })).toBe(true);
  expect(isUndoing({ type: 'warning', message: 'the undo failed' })).toBe(true);
});
