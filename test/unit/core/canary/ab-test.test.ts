import { gammaln } from 'simple-statistics';
import type { Variant } from '../../../../deploy/core/canary/ab-test';
import { compareVariants, wilson } from '../../../../deploy/core/canary/ab-test';

const MATTERS = 0.01;
const variant = (reached: number, visitors: number): Variant => ({ reached, visitors });

describe('the confidence interval of a share', () => {
  // from R's prop.test(x, n, correct = TRUE), to four digits
  test.each([
    [15, 148, 0.0599, 0.1644],
    [81, 263, 0.2535, 0.3682],
    [1, 29, 0.0018, 0.1963],
  ])('matches R for %p of %p', (reached, visitors, low, high) => {
    const estimate = wilson(variant(reached, visitors));
    expect(estimate.low).toBeCloseTo(low, 3);
    expect(estimate.high).toBeCloseTo(high, 3);
  });

  test('spans 0 to 1 without visitors, and stays between 0 and 1 when no visitor or every visitor reaches the goal', () => {
    expect(wilson(variant(0, 0))).toEqual({ share: 0, low: 0, high: 1 });
    expect(wilson(variant(0, 10)).low).toBe(0);
    expect(wilson(variant(10, 10)).high).toBe(1);
  });
});

describe('over all possible outcomes', () => {
  const CASES = [
    [50, 50],
    [30, 30],
    [200, 200],
    [570, 30],
  ].flatMap(([a, b]) =>
    [
      [0.01, 0.01],
      [0.05, 0.05],
      [0.2, 0.2],
      [0.5, 0.5],
      [0.1, 0.15],
      [0.02, 0.05],
    ].map(
      ([shareA, shareB]) => ({ a, b, shareA, shareB }) as Record<'a' | 'b' | 'shareA' | 'shareB', number>,
    ),
  );

  test.each(CASES)(
    'the comparison is right for $a and $b visitors who reach the goal with $shareA and $shareB',
    ({ a, b, shareA, shareB }) => {
      let covered = 0;
      let better = 0;
      for (const [reachedA, chanceA] of outcomes(a, shareA)) {
        for (const [reachedB, chanceB] of outcomes(b, shareB)) {
          const { difference, better: named } = compareVariants(
            variant(reachedA, a),
            variant(reachedB, b),
            MATTERS,
          );
          const truth = shareB - shareA;
          if (difference.low <= truth && truth <= difference.high) covered += chanceA * chanceB;
          if (named) better += chanceA * chanceB;
        }
      }
      // the interval covers the true difference in at least 95 %; without a difference at most 5 % name a winner
      expect(covered).toBeGreaterThanOrEqual(0.95);
      if (shareA === shareB) expect(better).toBeLessThanOrEqual(0.05);
    },
  );
});

describe('the summary', () => {
  test.each([
    ['B is better by 1.4 to 4.6 points (95 %)', variant(300, 3000), variant(390, 3000)],
    ['A is better by 1.4 to 4.6 points (95 %)', variant(390, 3000), variant(300, 3000)],
    ['no difference shown; about 44,000 more visitors needed', variant(80, 800), variant(20, 200)],
    ['no difference shown; about 79,000 more visitors needed', variant(0, 0), variant(0, 0)],
  ])('is "%s"', (sentence, a, b) => expect(compareVariants(a, b, MATTERS).sentence).toBe(sentence));

  test('gives the range of the difference when there were enough visitors', () => {
    expect(compareVariants(variant(2000, 20_000), variant(2010, 20_000), MATTERS).sentence).toBe(
      'no difference shown; B differs from A by -0.5 to 0.6 points (95 %)',
    );
  });

  test('names no winner when one variant had no visitors', () => {
    expect(compareVariants(variant(500, 1000), variant(0, 0), MATTERS).better).toBeNull();
    expect(compareVariants(variant(0, 0), variant(500, 1000), MATTERS).better).toBeNull();
  });
});

/** Each possible number of visitors who reach the goal, with its probability, unless that is negligible. */
function outcomes(visitors: number, share: number): [number, number][] {
  return Array.from({ length: visitors + 1 }, (_, reached): [number, number] => {
    const ways = gammaln(visitors + 1) - gammaln(reached + 1) - gammaln(visitors - reached + 1);
    return [reached, Math.exp(ways + reached * Math.log(share) + (visitors - reached) * Math.log(1 - share))];
  }).filter(([, chance]) => chance > 1e-8);
}
