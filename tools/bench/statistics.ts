/** Summarizes repeated measurements: medians, quantiles, and ratios with a confidence interval. Pure. */
import { mean, median, quantileSorted, standardDeviation } from 'simple-statistics';

/** Student's t for 95 %, two-sided, by degrees of freedom; 1.96 beyond. */
const T95 = [
  12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1,
  2.09, 2.09,
];

export interface Ratio {
  ratio: number;
  low: number;
  high: number;
  pairs: number;
}

export interface Summary {
  median: number;
  slowest: number;
  count: number;
}

/** @param sorted ascending @param share 0 to 1 */
export function quantile(sorted: number[], share: number): number {
  return sorted.length === 0 ? 0 : quantileSorted(sorted, share);
}

/**
 * The geometric mean of first / second, with its 95 % confidence interval. The values of a pair are measured side by
 * side, so anything that slows down both does not count.
 */
export function ratioOf(pairs: [number, number][]): Ratio {
  const logs = pairs.map(([first, second]) => Math.log(first / second));
  const middle = mean(logs);
  const freedom = logs.length - 1;
  if (freedom < 1) return { ratio: Math.exp(middle), low: 0, high: Infinity, pairs: pairs.length };
  // the deviation of the sample, so that few pairs make a wide interval
  const deviation = standardDeviation(logs) * Math.sqrt(logs.length / freedom);
  const half = ((T95[freedom - 1] ?? 1.96) * deviation) / Math.sqrt(logs.length);
  return {
    ratio: Math.exp(middle),
    low: Math.exp(middle - half),
    high: Math.exp(middle + half),
    pairs: pairs.length,
  };
}

export function summarize(values: number[]): Summary {
  return { median: median(values), slowest: Math.max(...values), count: values.length };
}
