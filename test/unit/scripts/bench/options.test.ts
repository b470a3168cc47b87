import { readOptions } from '../../../../scripts/bench/options';

const known = { parts: ['peers', 'push'], quick: ['peers'] };

test('the benchmark runs all parts, the quick ones or the named ones', () => {
  expect(readOptions([], known)).toEqual({
    quick: false,
    json: false,
    publish: false,
    parts: ['peers', 'push'],
  });
  expect(readOptions(['--quick'], known).parts).toEqual(['peers']);
  expect(readOptions(['--only', 'push', '--json'], known)).toMatchObject({ parts: ['push'], json: true });
});

test('an unknown option or part is an error', () => {
  expect(() => readOptions(['--fast'], known)).toThrow('does not know "--fast"');
  expect(() => readOptions(['--only', 'pull'], known)).toThrow('There is no part "pull": peers, push.');
});

test('only a complete run can be published', () => {
  expect(() => readOptions(['--publish', '--quick'], known)).toThrow('whole run');
  expect(() => readOptions(['--publish', '--only', 'push'], known)).toThrow('whole run');
});
