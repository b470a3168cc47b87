import { quantile, ratioOf, summarize } from '../../../../tools/bench/statistics';

test('equal pairs have the ratio 1 without any uncertainty', () => {
  expect(
    ratioOf([
      [5, 5],
      [7, 7],
      [9, 9],
    ]),
  ).toEqual({ ratio: 1, low: 1, high: 1, pairs: 3 });
});

test('a ratio that differs between pairs has a confidence interval', () => {
  const { ratio, low, high } = ratioOf([
    [90, 100],
    [100, 100],
    [95, 100],
    [105, 100],
  ]);
  expect(ratio).toBeCloseTo(0.974, 2);
  expect(low).toBeLessThan(0.9);
  expect(high).toBeGreaterThan(1);
});

test('one pair has an infinite confidence interval', () => {
  expect(ratioOf([[2, 1]])).toEqual({ ratio: 2, low: 0, high: Infinity, pairs: 1 });
});

test('quantiles and summaries are computed from the values', () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([], 0.99)).toBe(0);
  expect(summarize([3, 1, 2])).toEqual({ median: 2, slowest: 3, count: 3 });
});
