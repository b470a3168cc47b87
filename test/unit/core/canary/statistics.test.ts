import {
  chanceOfAsMany,
  evidenceOver,
  largerBy,
  Z_0_4_PERCENT,
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

describe('larger values on one side', () => {
  test('are those of all orders that the two could be drawn in', () => {
    // 5 of 10: each set of places is as probable; the exact share that is as large, beside the normal one
    const [first, second] = [
      [10, 9, 8, 6, 5],
      [1, 2, 3, 4, 7],
    ];
    expect(largerBy(first, second)).toBeCloseTo((23 - 12.5 - 0.5) / Math.sqrt((25 / 12) * 11), 9);
  });

  test('ties make the spread smaller, and all equal is no difference', () => {
    expect(largerBy([2, 2, 3], [1, 2, 2])).toBeCloseTo(
      (7 - 4.5 - 0.5) / Math.sqrt((9 / 12) * (7 - 60 / 30)),
      9,
    );
    expect(largerBy([3, 3, 3], [3, 3])).toBe(0);
    expect(largerBy([], [3])).toBe(0);
  });

  test.each([
    ['of all kinds', () => Math.exp],
    ['with many ties', () => (drawn: number) => Math.round(Math.exp(1 + drawn / 2))],
  ])('by more than the bound in at most 0.7 %% of equal pairs: %s', (_kind, shape) => {
    const dice = chance(7);
    const draw = (many: number): number[] => Array.from({ length: many }, () => shape()(dice.normal()));
    expect(shareOf(3000, () => largerBy(draw(30), draw(90)) > Z_0_4_PERCENT)).toBeLessThan(0.007);
  });
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
