/**
 * The tests behind a verdict. Ranks and the gamma function are the library's; what stands here is what it does not have:
 * an exact comparison of two ratios, and a bound that may be looked at all the time. Pure.
 */
import { gammaln, wilcoxonRankSum } from 'simple-statistics';

/** So many of so many. */
export interface Ratio {
  events: number;
  of: number;
}

/** The normal distribution's values beyond which a share of it lies: one-sided 0.4 %, one-sided 5 % and 20 %, two-sided 5 %. */
export const Z_0_4_PERCENT = 2.6521;
export const Z_5_PERCENT = 1.6449;
export const Z_20_PERCENT = 0.8416;
export const Z_TWO_SIDED_5_PERCENT = 1.96;
/** The value beyond which 0.4 % of Student's distribution lies, for the mean of ten: nine degrees of freedom. */
export const T_0_4_PERCENT_OF_10 = 3.3899;

/** What is smaller than this share of the sum no longer changes it. */
const NEGLIGIBLE = 1e-12;

/**
 * Fisher's exact test, one-sided: if both fail alike, how probable is it that at least so many of all the failures fall
 * on the first? Exact for any number of requests and any ratio, so that it holds what it promises at 1 failure of
 * 1,000 too. Taken as 1 where the first has no more than its part of them.
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
 * Mann and Whitney's measure: how often the first's value is the larger one if one is drawn of each side, ties counting
 * half, less the half that it is when both are alike. -0.5 to 0.5; zero where there is nothing to draw from.
 */
export function largerThanHalf(first: number[], second: number[]): number {
  const [m, n] = [first.length, second.length];
  if (m === 0 || n === 0) return 0;
  return (wilcoxonRankSum(first, second) - (m * (m + 1)) / 2) / (m * n) - 0.5;
}

/**
 * Evidence that a ratio lies over the ceiling. It may be looked at after every request: for a ratio at or below the
 * ceiling it *ever* reaches 1/a with a probability of at most a (Ville's inequality for a mixture of likelihood ratios,
 * all ratios over the ceiling weighing alike). The probability at its end is at least 1/2, and taken as that.
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
