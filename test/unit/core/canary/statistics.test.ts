import { mean, sampleStandardDeviation } from 'simple-statistics';
import {
  chanceOfAsMany,
  evidenceOver,
  largerThanHalf,
  T_0_4_PERCENT_OF_10,
} from '../../../../deploy/core/canary/statistics';
import { chance, shareOf } from '../../../support/chance';

describe('as many failures on one side by chance', () => {
  test.each([
    ["Fisher's tea", { events: 3, of: 4 }, { events: 1, of: 4 }, 17 / 70],
    ['all of the tea', { events: 4, of: 4 }, { events: 0, of: 4 }, 1 / 70],
    ['both failures of two among five and five', { events: 2, of: 5 }, { events: 0, of: 5 }, 10 / 45],
    ['one failure among 50 and 950', { events: 1, of: 50 }, { events: 0, of: 950 }, 0.05],
  ])('%s', (_case, first, second, expected) =>
    expect(chanceOfAsMany(first, second)).toBeCloseTo(expected, 9),
  );

  test('no more than its part is no sign of anything', () => {
    expect(chanceOfAsMany({ events: 0, of: 100 }, { events: 5000, of: 10_000 })).toBe(1);
    expect(chanceOfAsMany({ events: 5, of: 100 }, { events: 50, of: 1000 })).toBe(1);
  });
});

describe('how often the first is the larger one', () => {
  test.each([
    ['in 23 of 25 pairs', [10, 9, 8, 6, 5], [1, 2, 3, 4, 7], 23 / 25],
    ['ties count half', [2, 2, 3], [1, 2, 2], 7 / 9],
    ['as often as not', [3, 3, 3], [3, 3], 1 / 2],
    ['never', [1], [2, 3], 0],
    ['where there is nothing, as often as not', [], [3], 1 / 2],
  ])('%s', (_case, first, second, share) =>
    expect(largerThanHalf(first, second)).toBeCloseTo(share - 1 / 2, 9),
  );
});

test('the mean of ten lies over the bound in 0.4 % of cases', () => {
  const dice = chance(7);
  const over = (): boolean => {
    const ten = Array.from({ length: 10 }, () => dice.normal());
    return mean(ten) > (T_0_4_PERCENT_OF_10 * sampleStandardDeviation(ten)) / Math.sqrt(10);
  };
  expect(shareOf(100_000, over)).toBeCloseTo(0.004, 3);
});

describe('evidence that a ratio lies over the ceiling', () => {
  test('looked at after every request, is there in at most 0.2 % of runs at the ceiling itself', () => {
    const dice = chance(3);
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

  test('grows quickly where all fail, and in the end wherever the ratio is higher', () => {
    expect(evidenceOver(0.1, { events: 3, of: 3 })).toBeLessThan(500);
    expect(evidenceOver(0.1, { events: 4, of: 4 })).toBeGreaterThan(500);
    expect(evidenceOver(0.1, { events: 300, of: 2000 })).toBeGreaterThan(500);
  });

  test('is nothing below the ceiling, and nothing lies over 100 %', () => {
    expect(evidenceOver(0.1, { events: 0, of: 0 })).toBe(0);
    expect(evidenceOver(0.1, { events: 9, of: 100 })).toBe(0);
    expect(evidenceOver(1, { events: 9, of: 9 })).toBe(0);
  });

  test('is certain where no failure is allowed', () => {
    expect(evidenceOver(0, { events: 0, of: 1000 })).toBe(0);
    expect(evidenceOver(0, { events: 1, of: 1000 })).toBe(Infinity);
  });
});
