import { parseCount } from '../../../deploy/commands/count';

test('a count is the given number, or the default', () => {
  expect(parseCount('7', 50, '--lines')).toBe(7);
  expect(parseCount(undefined, 50, '--lines')).toBe(50);
});

test.each(['abc', '0', '-3', '1.5', '', '9999999999'])('%p is not a count', (given) => {
  expect(() => parseCount(given, 50, '--lines')).toThrow(
    expect.objectContaining({ code: 'E_USAGE', message: `--lines is a number from 1 on, not "${given}".` }),
  );
});
