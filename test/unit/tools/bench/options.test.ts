import { readOptions } from '../../../../tools/bench/options';

test('the options choose all parts, the quick ones, or named ones', () => {
  expect(readOptions([])).toEqual({
    quick: false,
    json: false,
    publish: false,
    parts: ['peers', 'throughput', 'oldSlot', 'push', 'rollback', 'install'],
  });
  expect(readOptions(['--quick']).parts).toEqual(['peers', 'throughput', 'oldSlot']);
  expect(readOptions(['--only', 'push', '--json'])).toMatchObject({ parts: ['push'], json: true });
});

test('an unknown option or part is an error', () => {
  expect(() => readOptions(['--fast'])).toThrow('does not know "--fast"');
  expect(() => readOptions(['--only', 'pull'])).toThrow('There is no part "pull": peers, throughput, ');
});

test('only a whole run can be published', () => {
  expect(() => readOptions(['--publish', '--quick'])).toThrow('whole run');
  expect(() => readOptions(['--publish', '--only', 'push'])).toThrow('whole run');
});
