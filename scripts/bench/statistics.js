// @ts-check
/** What is said about repeated measurements: medians, quantiles, and ratios with an interval. */
'use strict';
const { mean, median, quantileSorted, standardDeviation } = require('simple-statistics');

/** Student's t for 95 %, two-sided, by degrees of freedom; 1.96 beyond. */
const T95 = [
  12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1,
  2.09, 2.09,
];

/** @param {number[]} sorted ascending @param {number} share */
function quantile(sorted, share) {
  return sorted.length === 0 ? 0 : quantileSorted(sorted, share);
}

/** @typedef {{ ratio: number, low: number, high: number, pairs: number }} Ratio */

/**
 * How many times as large the first of each pair is: the geometric mean, with the interval in which it lies with
 * 95 % confidence. Each pair was measured side by side, so that what slows both down is not counted.
 * @param {[number, number][]} pairs @returns {Ratio}
 */
function ratioOf(pairs) {
  const logs = pairs.map(([one, other]) => Math.log(one / other));
  const middle = mean(logs);
  const freedom = logs.length - 1;
  if (freedom < 1) return { ratio: Math.exp(middle), low: 0, high: Infinity, pairs: pairs.length };
  // the sample's own deviation, so that few pairs make a wide interval
  const deviation = standardDeviation(logs) * Math.sqrt(logs.length / freedom);
  const half = ((T95[freedom - 1] ?? 1.96) * deviation) / Math.sqrt(logs.length);
  return {
    ratio: Math.exp(middle),
    low: Math.exp(middle - half),
    high: Math.exp(middle + half),
    pairs: pairs.length,
  };
}

/** @param {number[]} values @returns {{ median: number, slowest: number, count: number }} */
function spread(values) {
  return { median: median(values), slowest: Math.max(...values), count: values.length };
}

module.exports = { median, quantile, ratioOf, spread };
