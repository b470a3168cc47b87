/**
 * The statistical tests behind a verdict. The library provides ranks and the gamma function; this file adds an exact
 * comparison of two ratios and a bound that stays valid under continuous checking. Pure.
 */
import { gammaln, wilcoxonRankSum } from 'simple-statistics';

/** A number of events out of a total. */
export interface Ratio {
  events: number;
  of: number;
}

/** Quantiles of the normal distribution: one-sided 0.4 %, 5 % and 20 %, two-sided 5 %. */
export const Z_0_4_PERCENT = 2.6521;
export const Z_5_PERCENT = 1.6449;
export const Z_20_PERCENT = 0.8416;
export const Z_TWO_SIDED_5_PERCENT = 1.96;
/** Student's t, one-sided 0.4 %, for the mean of ten values: nine degrees of freedom. */
export const T_0_4_PERCENT_OF_10 = 3.3899;

/** Terms below this share of the sum no longer change it. */
const NEGLIGIBLE = 1e-12;

/**
 * Fisher's exact test, one-sided: the probability that at least this many of all failures fall on the first side when
 * both fail equally often. Exact for any number of requests and any ratio, even for 1 failure in 1,000. Returns 1 when
 * the first side has no more than its proportion of the failures.
 */
export function chanceOfAsMany(first: Ratio, second: Ratio): number {
  const failures = first.events + second.events;
  const all = first.of + second.of;
  if (first.events * all <= failures * first.of) return 1;
  const most = Math.min(failures, first.of);
  let chance = Math.exp(
    logChoose(failures, first.events) +
      logChoose(all - failures, first.of - first.events) -
      logChoose(all, first.of),
  );
  let sum = chance;
  for (let k = first.events; k < most && chance > sum * NEGLIGIBLE; k++) {
    chance *= ((failures - k) * (first.of - k)) / ((k + 1) * (all - failures - first.of + k + 1));
    sum += chance;
  }
  return Math.min(1, sum);
}

/**
 * The Mann-Whitney measure: the probability that a value drawn from the first side is the larger, minus 0.5. Ties count
 * half. From -0.5 to 0.5; zero if either side is empty.
 */
export function largerThanHalf(first: number[], second: number[]): number {
  const [m, n] = [first.length, second.length];
  if (m === 0 || n === 0) return 0;
  return (wilcoxonRankSum(first, second) - (m * (m + 1)) / 2) / (m * n) - 0.5;
}

/**
 * Evidence that a ratio exceeds the ceiling. It stays valid when checked after every request: for a ratio at or below
 * the ceiling, the probability that it *ever* reaches 1/a is at most a. This is Ville's inequality for a mixture of
 * likelihood ratios, uniform over all ratios above the ceiling. The exact value has one more factor, a tail probability
 * of at least 1/2; 1/2 is used instead.
 */
export function evidenceOver(ceiling: number, { events, of }: Ratio): number {
  if (ceiling >= 1 || events < Math.ceil((of + 1) * ceiling)) return 0;
  if (ceiling <= 0) return events > 0 ? Infinity : 0;
  const logBeta = gammaln(events + 1) + gammaln(of - events + 1) - gammaln(of + 2);
  const logAtCeiling = events * Math.log(ceiling) + (of - events) * Math.log(1 - ceiling);
  return Math.exp(logBeta - logAtCeiling - Math.log(1 - ceiling)) / 2;
}

function logChoose(n: number, k: number): number {
  return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1);
}
