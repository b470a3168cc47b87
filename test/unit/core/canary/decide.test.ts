import { decideCanary, type CanaryProgress } from '../../../../deploy/core/canary/decide';
import type { Samples } from '../../../../deploy/core/canary/verdict';
import { RULE } from '../../../support/canary-rule';

const answered = (errors: number, requests: number): Samples => ({ errors, requests, latencies: [] });
const [GOOD, BAD, GROSS, NONE] = [answered(0, 200), answered(18, 200), answered(5, 5), answered(0, 0)];

const LOOK: CanaryProgress = {
  request: null,
  waitedMs: 60_000,
  seconds: 60,
  patience: 300,
  canary: GOOD,
  stable: answered(0, 2000),
};

const decide = (overrides: Partial<CanaryProgress>): string => {
  const move = decideCanary({ ...LOOK, ...overrides }, RULE);
  return 'why' in move ? `${move.do}: ${move.why}` : `${move.do}${move.few ? ', too few' : ''}`;
};

test.each<[string, Partial<CanaryProgress>, RegExp]>([
  ['collects until its time is up', { waitedMs: 59_999 }, /^collect$/],
  ['passes at its end', {}, /^continue: 0 of 200 failed/],
  ['is not judged before its end', { waitedMs: 59_999, canary: BAD }, /^collect$/],
  ['fails at its end', { canary: BAD }, /^fail: 18 of 200 failed/],
  ['fails immediately when every request fails', { waitedMs: 100, canary: GROSS }, /^fail: 5 of 5 failed/],
  ['keeps collecting when there is too little data', { canary: NONE }, /^collect, too few$/],
  [
    'asks the operator when there is too little data for too long',
    { canary: NONE, waitedMs: 360_000 },
    /^ask: not enough data: the canary/,
  ],
  ['is judged as soon as there is enough data', { waitedMs: 500_000 }, /^continue: 0 of 200 failed/],
  [
    'continues without enough data when an operator resumes it',
    { canary: NONE, request: 'resume' },
    /^continue: resumed .*, though the/,
  ],
  ['fails even if an operator resumed it', { canary: BAD, request: 'resume' }, /^fail/],
  [
    'waits while an operator has paused it, even if its time is up',
    { request: 'pause' },
    /^ask: paused by an operator$/,
  ],
  ['fails immediately even if it is paused', { request: 'pause', canary: GROSS }, /^fail/],
  ['can be promoted at any time', { request: 'promote', waitedMs: 1, canary: NONE }, /^promote/],
  ['is not promoted when every request fails', { request: 'promote', waitedMs: 1, canary: GROSS }, /^fail/],
  [
    'pauses without limit when the configuration says so',
    { seconds: null, waitedMs: 1e9 },
    /^ask: the configuration/,
  ],
  [
    'ends that pause when an operator resumes it',
    { seconds: null, request: 'resume' },
    /^continue: resumed by an operator$/,
  ],
])('a step %s', (_case, overrides, move) => expect(decide(overrides)).toMatch(move));

test.each([
  ['paused-by-operator', { request: 'pause' }],
  ['configured-pause', { seconds: null }],
  ['not-enough-data', { canary: NONE, waitedMs: 360_000 }],
  ['not-enough-data', { canary: answered(0, 7), waitedMs: 361_000 }],
] as const)('a question carries its reason, %s, whatever its figures are', (reason, look) => {
  expect(decideCanary({ ...LOOK, ...look }, RULE)).toMatchObject({ do: 'ask', reason });
});

test('no data is never a pass, however long it takes and however much stable has', () => {
  for (const canary of [NONE, answered(0, 99)])
    for (const stable of [NONE, answered(0, 99), answered(0, 1e6)])
      for (const waitedMs of [0, 60_000, 360_000, 1e12])
        expect(decide({ canary, stable, waitedMs })).not.toMatch(/^continue/);
});
