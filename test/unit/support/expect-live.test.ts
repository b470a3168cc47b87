import { expectDone, expectLive } from '../../support/expect-live';
import { until } from '../../support/until';

const PUSH_FAILED = [
  'remote: ✓ fetch                   80 ms',
  'remote: ✗ start                1 min 0 s   /health in green answered 500.',
  'remote: ✓ undo: stop              40 ms   green',
  'remote:   Read its output: npm run -s logs [E_UNHEALTHY]',
  'remote: ✗ NOT LIVE. Still serving v1.0.0 (a1b2c3d): /health in green answered 500.        ',
  'To /home/push.git',
  '   a1b2c3d..e4f5a6b  main -> main',
  '',
].join('\n');

const failureOf = (does: () => unknown): string[] => {
  try {
    does();
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
};

test('a push that does not go live fails with its verdict, then the steps that failed, then the whole text', () => {
  const said = { code: 0, text: PUSH_FAILED };
  const lines = failureOf(() => expectLive(said));
  expect(lines.slice(0, 6)).toEqual([
    '✗ NOT LIVE. Still serving v1.0.0 (a1b2c3d): /health in green answered 500.',
    '✗ start                1 min 0 s   /health in green answered 500.',
    'Read its output: npm run -s logs [E_UNHEALTHY]',
    '',
    'exit code 0, and all that it said:',
    'remote: ✓ fetch                   80 ms',
  ]);
});

test("a command's known error comes first, whatever it has said before", () => {
  const text = '! production runs v1.0.0\n✗ blue serves the users.\n  npm run -s deploy:green [E_SLOT]\n';
  const lines = failureOf(() => expectDone({ code: 1, text }));
  expect(lines.slice(0, 2)).toEqual(['✗ blue serves the users.', 'npm run -s deploy:green [E_SLOT]']);
});

test('what says nothing of its failure shows its last line first', () => {
  const [first] = failureOf(() => expectDone({ code: 127, text: 'going on\nsh: no such thing\n' }));
  expect(first).toBe('sh: no such thing');
});

test.each([
  [
    'of a push',
    { code: 0, text: 'remote: ✓ LIVE in 2.4 s: v1.1.0 (e4f5a6b) on green        \nTo /home/push.git\n' },
  ],
  ['of a command', { code: 0, text: '✓ verify\n✓ LIVE in 410 ms: v1.0.0 (a1b2c3d) on blue\n' }],
])('what went live %s is given back', (_whose, said) => {
  expect(expectLive(said)).toBe(said);
  expect(expectDone(said)).toBe(said);
});

test.each([
  ['its exit code says otherwise', { code: 1, text: '✓ LIVE in 410 ms: v1.0.0 (a1b2c3d) on blue\n' }],
  ['it was live before', { code: 0, text: '✓ LIVE already: v1.0.0 (a1b2c3d) on blue\n' }],
  [
    'more was said after it',
    { code: 0, text: '✓ LIVE in 410 ms: v1.0.0\n✗ NOT LIVE any more: rolled back\n' },
  ],
  ['nothing was said', { code: 0, text: '' }],
])('it did not go live where %s', (_why, said) => expect(() => expectLive(said)).toThrow());

test('a wait that ends in nothing says what for, and how things stood', async () => {
  const told = await until(
    () => 'the end: deployment 7 is running',
    () => null,
    0,
  ).catch(String);
  expect(String(told).split('\n')[0]).toBe(
    'Error: waited 0 ms for the end: deployment 7 is running; last seen: null, of',
  );
});
