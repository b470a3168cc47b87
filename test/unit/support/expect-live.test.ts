import { expectDone, expectLive } from '../../support/expect-live';
import { until } from '../../support/until';

const PUSH_FAILED = [
  'remote: ✓ fetch                   80 ms',
  'remote: ✗ start                1 min 0 s   /health in green answered 500.',
  'remote: ✓ undo: stop              40 ms   green',
  'remote:   Read its output: ./switchyard logs [E_UNHEALTHY]',
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

test('a push that is not live fails with its verdict, then its failed steps, then the whole output', () => {
  const output = { code: 0, text: PUSH_FAILED };
  const lines = failureOf(() => expectLive(output));
  expect(lines.slice(0, 6)).toEqual([
    '✗ NOT LIVE. Still serving v1.0.0 (a1b2c3d): /health in green answered 500.',
    '✗ start                1 min 0 s   /health in green answered 500.',
    'Read its output: ./switchyard logs [E_UNHEALTHY]',
    '',
    'exit code 0, and the whole output:',
    'remote: ✓ fetch                   80 ms',
  ]);
});

test("a command's known error comes first, whatever it printed before", () => {
  const text = '! production runs v1.0.0\n✗ blue serves the users.\n  ./switchyard deploy:green [E_SLOT]\n';
  const lines = failureOf(() => expectDone({ code: 1, text }));
  expect(lines.slice(0, 2)).toEqual(['✗ blue serves the users.', './switchyard deploy:green [E_SLOT]']);
});

test('output without a known error shows its last line first', () => {
  const [first] = failureOf(() => expectDone({ code: 127, text: 'going on\nsh: no such thing\n' }));
  expect(first).toBe('sh: no such thing');
});

test.each([
  [
    'of a push',
    { code: 0, text: 'remote: ✓ LIVE in 2.4 s: v1.1.0 (e4f5a6b) on green        \nTo /home/push.git\n' },
  ],
  ['of a command', { code: 0, text: '✓ verify\n✓ LIVE in 410 ms: v1.0.0 (a1b2c3d) on blue\n' }],
])('the output %s that went live is returned', (_whose, output) => {
  expect(expectLive(output)).toBe(output);
  expect(expectDone(output)).toBe(output);
});

test.each([
  ['its exit code is not 0', { code: 1, text: '✓ LIVE in 410 ms: v1.0.0 (a1b2c3d) on blue\n' }],
  ['it was already live', { code: 0, text: '✓ LIVE already: v1.0.0 (a1b2c3d) on blue\n' }],
  [
    'another verdict follows',
    { code: 0, text: '✓ LIVE in 410 ms: v1.0.0\n✗ NOT LIVE any more: rolled back\n' },
  ],
  ['there is no output', { code: 0, text: '' }],
])('a command did not go live when %s', (_why, output) => expect(() => expectLive(output)).toThrow());

test('a wait that times out says what it waited for and what it last saw', async () => {
  const message = await until(
    () => 'the end: deployment 7 is running',
    () => null,
    0,
  ).catch(String);
  expect(String(message).split('\n')[0]).toBe(
    'Error: waited 0 ms for the end: deployment 7 is running; last seen: null, of',
  );
});
