import { duration, named, plural, printable, short } from '../../../deploy/core/format';
import { commit } from '../../support/deployments';

test.each([
  [0, '0 ms'],
  [-3, '0 ms'],
  [240.4, '240 ms'],
  [999, '999 ms'],
  [999.6, '1.0 s'],
  [1000, '1.0 s'],
  [2449, '2.4 s'],
  [59_949, '59.9 s'],
  [59_960, '1 min 0 s'],
  [65_000, '1 min 5 s'],
  [119_700, '2 min 0 s'],
  [3_600_000, '60 min 0 s'],
])('%p ms is written as %s', (ms, text) => expect(duration(ms)).toBe(text));

test('a release is named by its version and the first seven digits of its commit', () => {
  expect(short(commit('a1b2c3d4'))).toBe('a1b2c3d');
  expect(named({ version: '1.2.0', commit: commit('a1b2c3d4') })).toBe('v1.2.0 (a1b2c3d)');
});

test('counts use the singular for one and a separator for thousands', () => {
  expect(plural(1, 'request')).toBe('1 request');
  expect(plural(0, 'request')).toBe('0 requests');
  expect(plural(12_345, 'request')).toBe('12,345 requests');
});

test('text from outside becomes one line without control characters', () => {
  expect(printable('\u001b[2J1.0\n\u0007\u009b31m\u202e2 ü\u2028')).toBe('1.0 2 ü');
});
