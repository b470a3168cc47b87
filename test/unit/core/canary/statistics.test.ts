import { mean, sampleStandardDeviation } from 'simple-statistics';
import {
  chanceOfAsMany,
  evidenceOver,
  largerThanHalf,
  T_0_4_PERCENT_OF_10,
} from '../../../../deploy/core/canary/statistics';
import { seededRandom, shareOf } from '../../../support/seeded-random';

describe('the chance of as many failures on one side', () => {
  test.each([
    ["in Fisher's tea experiment", { events: 3, of: 4 }, { events: 1, of: 4 }, 17 / 70],
    ['in that experiment with every cup right', { events: 4, of: 4 }, { events: 0, of: 4 }, 1 / 70],
    ['for both of two failures among five and five', { events: 2, of: 5 }, { events: 0, of: 5 }, 10 / 45],
    ['for one failure among 50 and 950', { events: 1, of: 50 }, { events: 0, of: 950 }, 0.05],
  ])('is exact %s', (_case, first, second, expected) =>
    expect(chanceOfAsMany(first, second)).toBeCloseTo(expected, 9),
  );

  test('is 1 when a side has no more than its share', () => {
    expect(chanceOfAsMany({ events: 0, of: 100 }, { events: 5000, of: 10_000 })).toBe(1);
    expect(chanceOfAsMany({ events: 5, of: 100 }, { events: 50, of: 1000 })).toBe(1);
  });
});

describe('the share of pairs in which the first value is larger', () => {
  test.each([
    ['is 23 of 25', [10, 9, 8, 6, 5], [1, 2, 3, 4, 7], 23 / 25],
    ['counts ties as half', [2, 2, 3], [1, 2, 2], 7 / 9],
    ['is one half for equal values', [3, 3, 3], [3, 3], 1 / 2],
    ['is zero when it is never larger', [1], [2, 3], 0],
    ['is one half when one side has no values', [], [3], 1 / 2],
  ])('%s', (_case, first, second, share) =>
    expect(largerThanHalf(first, second)).toBeCloseTo(share - 1 / 2, 9),
  );
});

test('the mean of ten values exceeds the bound in 0.4 % of cases', () => {
  const dice = seededRandom(7);
  const over = (): boolean => {
    const ten = Array.from({ length: 10 }, () => dice.normal());
    return mean(ten) > (T_0_4_PERCENT_OF_10 * sampleStandardDeviation(ten)) / Math.sqrt(10);
  };
  expect(shareOf(100_000, over)).toBeCloseTo(0.004, 3);
});

describe('evidence that a ratio exceeds the ceiling', () => {
  test('appears in at most 0.2 % of runs at the ceiling itself, checked after every request', () => {
    const dice = seededRandom(3);
    const everOver = (): boolean => {
      let events = 0;
      for (let of = 1; of <= 500; of++) {
        if (dice.next() < 0.1) events += 1;
        if (evidenceOver(0.1, { events, of }) >= 500) return true;
      }
      return false;
    };
    expect(shareOf(2000, everOver)).toBeLessThanOrEqual(0.002);
  });

  test('grows quickly when all requests fail, and eventually for any ratio above the ceiling', () => {
    expect(evidenceOver(0.1, { events: 3, of: 3 })).toBeLessThan(500);
    expect(evidenceOver(0.1, { events: 4, of: 4 })).toBeGreaterThan(500);
    expect(evidenceOver(0.1, { events: 300, of: 2000 })).toBeGreaterThan(500);
  });

  test('is zero below the ceiling, and always when the ceiling is 100 %', () => {
    expect(evidenceOver(0.1, { events: 0, of: 0 })).toBe(0);
    expect(evidenceOver(0.1, { events: 9, of: 100 })).toBe(0);
    expect(evidenceOver(1, { events: 9, of: 9 })).toBe(0);
  });

  test('is certain after one failure when none is allowed', () => {
    expect(evidenceOver(0, { events: 0, of: 1000 })).toBe(0);
    expect(evidenceOver(0, { events: 1, of: 1000 })).toBe(Infinity);
  });
});
