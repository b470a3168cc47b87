import type { CanaryRule, Samples } from '../../../../deploy/core/canary/verdict';
import { judgeAtOnce, judgeStep } from '../../../../deploy/core/canary/verdict';
import { seededRandom, shareOf } from '../../../support/seeded-random';
import { RULE } from '../../../support/canary-rule';

/** A rule without a minimum difference. */
const STRICT: CanaryRule = { ...RULE, extraErrors: 0, slower: 1, minRequests: 40 };

const answered = (errors: number, requests: number, latencies: number[] = []): Samples => ({
  requests,
  errors,
  // spread over a minute in no particular order
  latencies: latencies.map((ms, at) => ({ at: ((at * GOLDEN) % 1) * 60_000, ms })),
});
const GOLDEN = 0.6180339887;
const took = (ms: number, many: number): number[] => Array.from({ length: many }, (_, at) => ms + (at % 7));
const verdictOf = (canary: Samples, stable: Samples, rule = RULE): string =>
  judgeStep(canary, stable, rule).verdict;

describe('a canary passes', () => {
  test.each([
    ['without any error', answered(0, 100), answered(0, 1900)],
    ['when it fails as often as stable', answered(3, 300), answered(60, 5700)],
    ['when it fails less often than stable', answered(0, 300), answered(400, 5700)],
    ['when it fails more often, but within chance', answered(3, 100), answered(19, 1900)],
    [
      'when it fails significantly more often, but by too little to matter',
      answered(400, 100_000),
      answered(0, 100_000),
    ],
    [
      'when it is significantly slower, but by too little to matter',
      answered(0, 900, took(110, 900)),
      answered(0, 900, took(100, 900)),
    ],
    [
      'when it is slower by too little to notice',
      answered(0, 900, took(9, 900)),
      answered(0, 900, took(1, 900)),
    ],
    ['when it is much faster', answered(0, 900, took(20, 900)), answered(0, 900, took(100, 900))],
  ])('%s', (_case, canary, stable) => expect(verdictOf(canary, stable)).toBe('pass'));

  test('with its figures in the verdict', () => {
    const { why } = judgeStep(answered(1, 250, took(12, 249)), answered(9, 4750, took(11, 4741)), RULE);
    expect(why).toBe(
      '1 of 250 failed (0.4 %) against 9 of 4,750 failed (0.19 %) of stable; ' +
        '15 ms (95 % within 18 ms) against 14 ms (95 % within 17 ms)',
    );
  });
});

describe('a canary fails', () => {
  test.each([
    [
      'with errors that matter and exceed chance',
      answered(12, 300),
      answered(12, 5700),
      '12 of 300 failed (4 %) against 12 of 5,700 failed (0.21 %) of stable',
    ],
    [
      'when it is slower by an amount that matters and exceeds chance',
      answered(0, 300, took(80, 300)),
      answered(0, 900, took(40, 900)),
      'it is slower: 83 ms (95 % within 86 ms) against 43 ms (95 % within 46 ms)',
    ],
    [
      'above the ceiling, even if stable fails as often',
      answered(90, 300),
      answered(1710, 5700),
      '90 of 300 failed (30 %), more than the 10 % that are ever allowed',
    ],
  ])('%s', (_case, canary, stable, why) =>
    expect(judgeStep(canary, stable, RULE)).toEqual({ verdict: 'fail', why }),
  );

  test('when only its slowest fifth is slower', () => {
    const mostly = (slow: number): number[] => [...took(20, 8000), ...took(slow, 2000)];
    expect(verdictOf(answered(0, 10_000, mostly(900)), answered(0, 10_000, mostly(300)))).toBe('fail');
  });

  // docs/canary.md names these numbers
  test.each([
    [1, 4],
    [0.5, 15],
    [0.28, 60],
    [0.2, 180],
  ])('immediately when it fails %d of its requests, after about %d of them', (share, about) => {
    const failsAt = (requests: number): boolean =>
      judgeAtOnce(answered(Math.round(share * requests), requests), RULE) !== null;
    const first = Array.from({ length: 500 }, (_, at) => at + 1).find(failsAt) as number;
    expect(first / about).toBeGreaterThan(0.8);
    expect(first / about).toBeLessThan(1.25);
  });

  test('immediately when all of its first requests fail, long before a step is over', () => {
    expect(judgeAtOnce(answered(3, 3), RULE)).toBeNull();
    expect(judgeAtOnce(answered(4, 4), RULE)?.verdict).toBe('fail');
  });
});

describe('too few requests are not enough data', () => {
  test.each([
    [
      'when the canary got none',
      answered(0, 0),
      answered(0, 0),
      'the canary got 0 of the 100 requests that a verdict needs',
    ],
    [
      'when the canary got one too few',
      answered(0, 99),
      answered(0, 9999),
      'the canary got 99 of the 100 requests that a verdict needs',
    ],
    [
      'when stable got one too few',
      answered(0, 5000),
      answered(0, 99),
      'stable got 99 of the 100 requests that a verdict needs',
    ],
  ])('%s', (_case, canary, stable, why) =>
    expect(judgeStep(canary, stable, RULE)).toEqual({ verdict: 'not enough data', why }),
  );

  test('whatever their results, and never pass a canary', () => {
    const dice = seededRandom(11);
    for (let run = 0; run < 1000; run++) {
      const canary = Math.floor(dice.next() * 300);
      const stable = Math.floor(dice.next() * 300);
      const few = Math.min(canary, stable) < RULE.minRequests;
      const verdict = verdictOf(answered(dice.times(canary, 0.02), canary), answered(0, stable));
      if (few) expect(verdict).not.toBe('pass');
    }
  });
});

describe('at most 1 % of good canaries fail a step, even without a minimum difference', () => {
  test.each(
    [0.001, 0.01, 0.05].flatMap((ratio) => SIZES().map(([canary, stable]) => ({ ratio, canary, stable }))),
  )(
    'when both fail $ratio of their requests, $canary to the canary and $stable to stable',
    ({ ratio, canary, stable }) => {
      const dice = seededRandom(Math.round(ratio * 1000) + canary);
      const draw = (requests: number): Samples => answered(dice.times(requests, ratio), requests);
      expect(
        shareOf(2000, () => verdictOf(draw(canary), draw(stable), STRICT) === 'fail'),
      ).toBeLessThanOrEqual(0.01);
    },
  );

  test.each([
    ['lognormal latencies', 40, 760, 1000, (drawn: number): number => Math.exp(5 + drawn)],
    [
      'lognormal latencies, half the requests each',
      100,
      100,
      1500,
      (drawn: number): number => Math.exp(5 + drawn),
    ],
    [
      'latencies of a few values',
      100,
      400,
      2500,
      (drawn: number): number => 50 * Math.round(Math.exp(1 + drawn / 2)),
    ],
    [
      'quick answers and slow reports',
      100,
      400,
      2500,
      (drawn: number): number => (drawn < 1 ? 5 : 3000 + 100 * drawn),
    ],
  ])(
    'with %s and 1 %% errors, %p requests to the canary and %p to stable',
    (_kind, canary, stable, runs, shape) => {
      const dice = seededRandom(canary + stable);
      const draw = (requests: number): Samples => {
        const errors = dice.times(requests, 0.01);
        return answered(
          errors,
          requests,
          Array.from({ length: requests - errors }, () => shape(dice.normal())),
        );
      };
      expect(
        shareOf(runs, () => verdictOf(draw(canary), draw(stable), STRICT) === 'fail'),
      ).toBeLessThanOrEqual(0.01);
    },
  );

  test('with a check after every request of the step', () => {
    const dice = seededRandom(5);
    const failed = (): boolean => {
      const canary = answered(0, 0);
      while (canary.requests < 400) {
        canary.requests += 1;
        if (dice.next() < 0.05) canary.errors += 1;
        if (judgeAtOnce(canary, STRICT)) return true;
      }
      return verdictOf(canary, answered(dice.times(7600, 0.05), 7600), STRICT) === 'fail';
    };
    expect(shareOf(2000, failed)).toBeLessThanOrEqual(0.01);
  });
});

/** Requests to the canary and to stable: 5:95, half each, many. */
function SIZES(): [number, number][] {
  return [
    [100, 1900],
    [300, 5700],
    [500, 500],
    [1000, 9000],
  ];
}
