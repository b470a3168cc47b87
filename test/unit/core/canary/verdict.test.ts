import type { CanaryRule, Samples } from '../../../../deploy/core/canary/verdict';
import { judgeAtOnce, judgeStep } from '../../../../deploy/core/canary/verdict';
import { chance, shareOf } from '../../../support/chance';
import { RULE } from '../../../support/canary-rule';

/** Whatever differs matters. */
const STRICT: CanaryRule = { ...RULE, extraErrors: 0, slower: 1, minRequests: 40 };

const answered = (errors: number, requests: number, latencies: number[] = []): Samples => ({
  requests,
  errors,
  // over a minute, in no order
  latencies: latencies.map((ms, at) => ({ at: ((at * GOLDEN) % 1) * 60_000, ms })),
});
const GOLDEN = 0.6180339887;
const took = (ms: number, many: number): number[] => Array.from({ length: many }, (_, at) => ms + (at % 7));
const verdictOf = (canary: Samples, stable: Samples, rule = RULE): string =>
  judgeStep(canary, stable, rule).verdict;

describe('a canary passes', () => {
  test.each([
    ['without any error', answered(0, 100), answered(0, 1900)],
    ['failing as often as stable', answered(3, 300), answered(60, 5700)],
    ['failing less than stable', answered(0, 300), answered(400, 5700)],
    ['failing more by what chance explains', answered(3, 100), answered(19, 1900)],
    ['failing more, surely, by what does not matter', answered(400, 100_000), answered(0, 100_000)],
    [
      'slower, surely, by what does not matter',
      answered(0, 900, took(110, 900)),
      answered(0, 900, took(100, 900)),
    ],
    ['slower by what nobody feels', answered(0, 900, took(9, 900)), answered(0, 900, took(1, 900))],
    ['much faster', answered(0, 900, took(20, 900)), answered(0, 900, took(100, 900))],
  ])('%s', (_case, canary, stable) => expect(verdictOf(canary, stable)).toBe('pass'));

  test('and it is told by which figures', () => {
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
      'with errors that matter and are no chance',
      answered(12, 300),
      answered(12, 5700),
      '12 of 300 failed (4 %) against 12 of 5,700 failed (0.21 %) of stable',
    ],
    [
      'slower by what matters and is no chance',
      answered(0, 300, took(80, 300)),
      answered(0, 900, took(40, 900)),
      'it is slower: 83 ms (95 % within 86 ms) against 43 ms (95 % within 46 ms)',
    ],
    [
      'over the ceiling, though stable fails as often',
      answered(90, 300),
      answered(1710, 5700),
      '90 of 300 failed (30 %), more than the 10 % that are ever allowed',
    ],
  ])('%s', (_case, canary, stable, why) =>
    expect(judgeStep(canary, stable, RULE)).toEqual({ verdict: 'fail', why }),
  );

  test('slower for the slowest fifth alone', () => {
    const mostly = (slow: number): number[] => [...took(20, 8000), ...took(slow, 2000)];
    expect(verdictOf(answered(0, 10_000, mostly(900)), answered(0, 10_000, mostly(300)))).toBe('fail');
  });

  test('at once when all of its first requests do, long before a step is over', () => {
    expect(judgeAtOnce(answered(3, 3), RULE)).toBeNull();
    expect(judgeAtOnce(answered(4, 4), RULE)?.verdict).toBe('fail');
  });
});

describe('too few requests are not enough data', () => {
  test.each([
    [
      'none at all',
      answered(0, 0),
      answered(0, 0),
      'the canary got 0 of the 100 requests that a verdict needs',
    ],
    [
      'one too few',
      answered(0, 99),
      answered(0, 9999),
      'the canary got 99 of the 100 requests that a verdict needs',
    ],
    [
      'of stable',
      answered(0, 5000),
      answered(0, 99),
      'stable got 99 of the 100 requests that a verdict needs',
    ],
  ])('%s', (_case, canary, stable, why) =>
    expect(judgeStep(canary, stable, RULE)).toEqual({ verdict: 'not enough data', why }),
  );

  test('and never a pass, whatever they were', () => {
    const dice = chance(11);
    for (let run = 0; run < 1000; run++) {
      const canary = Math.floor(dice.next() * 300);
      const stable = Math.floor(dice.next() * 300);
      const few = Math.min(canary, stable) < RULE.minRequests;
      const verdict = verdictOf(answered(dice.times(canary, 0.02), canary), answered(0, stable));
      if (few) expect(verdict).not.toBe('pass');
    }
  });
});

describe('of good canaries at most 1 % is failed at a step, even if every difference mattered', () => {
  test.each(
    [0.001, 0.01, 0.05].flatMap((ratio) => SIZES().map(([canary, stable]) => ({ ratio, canary, stable }))),
  )(
    'both fail $ratio of their requests, $canary to the canary and $stable to stable',
    ({ ratio, canary, stable }) => {
      const dice = chance(Math.round(ratio * 1000) + canary);
      const draw = (requests: number): Samples => answered(dice.times(requests, ratio), requests);
      expect(
        shareOf(2000, () => verdictOf(draw(canary), draw(stable), STRICT) === 'fail'),
      ).toBeLessThanOrEqual(0.01);
    },
  );

  test.each([
    ['lognormal latencies', 40, 760, 1000, (drawn: number): number => Math.exp(5 + drawn)],
    ['lognormal latencies, halves', 100, 100, 1500, (drawn: number): number => Math.exp(5 + drawn)],
    [
      'latencies of few values',
      100,
      400,
      2500,
      (drawn: number): number => 50 * Math.round(Math.exp(1 + drawn / 2)),
    ],
    [
      'quick answers and reports',
      100,
      400,
      2500,
      (drawn: number): number => (drawn < 1 ? 5 : 3000 + 100 * drawn),
    ],
  ])('%s, and 1 %% errors, %p to %p', (_kind, canary, stable, runs, shape) => {
    const dice = chance(canary + stable);
    const draw = (requests: number): Samples => {
      const errors = dice.times(requests, 0.01);
      return answered(
        errors,
        requests,
        Array.from({ length: requests - errors }, () => shape(dice.normal())),
      );
    };
    expect(shareOf(runs, () => verdictOf(draw(canary), draw(stable), STRICT) === 'fail')).toBeLessThanOrEqual(
      0.01,
    );
  });

  test('looked at after every request of the step', () => {
    const dice = chance(5);
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

/** Requests to the canary and to stable: 5:95, halves, many. */
function SIZES(): [number, number][] {
  return [
    [100, 1900],
    [300, 5700],
    [500, 500],
    [1000, 9000],
  ];
}
