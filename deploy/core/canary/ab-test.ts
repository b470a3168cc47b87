/** An A/B test: counts the visitors who reached a goal on both sides while the canary is held at a share. Pure. */
import { plural } from '../format';
import { about } from './requests-needed';
import type { Ratio } from './statistics';
import { Z_20_PERCENT, Z_TWO_SIDED_5_PERCENT } from './statistics';

/** The visitors of one variant, and how many reached the goal. A is stable, B the canary. */
export interface Variant {
  visitors: number;
  reached: number;
}

/** Shares from 0 to 1, with the 95 % confidence interval. */
export interface Estimate {
  share: number;
  low: number;
  high: number;
}

export interface Comparison {
  a: Variant & Estimate;
  b: Variant & Estimate;
  /** B's share minus A's, -1 to 1. */
  difference: Estimate;
  better: 'A' | 'B' | null;
  sentence: string;
}

/** @param matters the smallest relevant difference of the shares, over 0 */
export function compareVariants(a: Variant, b: Variant, matters: number): Comparison {
  const [ofA, ofB] = [wilson(a), wilson(b)];
  const difference = newcombe(ofA, ofB);
  const better = difference.low > 0 ? 'B' : difference.high < 0 ? 'A' : null;
  return {
    a: { ...a, ...ofA },
    b: { ...b, ...ofB },
    difference,
    better,
    sentence: better ? betterSentence(better, difference) : noneShown(a, b, difference, matters),
  };
}

/** The result in one line: each variant's share with its interval, and the conclusion. */
export function abLine({ a, b, sentence }: Comparison): string {
  const part = (name: string, { share, low, high, visitors }: Estimate & Variant): string =>
    `${name} ${points(share)} % (${points(low)} to ${points(high)}) of ${plural(visitors, 'visitor')}`;
  return `${part('A (stable)', a)}, ${part('B (canary)', b)}: ${sentence}`;
}

/**
 * Wilson's interval of a share with continuity correction. It stays within 0 and 1 and holds for small shares and few
 * visitors. Without the correction, up to 5.7 % of tests of two equal variants would call one of them better.
 */
export function wilson({ visitors: n, reached }: Variant): Estimate {
  if (n === 0) return { share: 0, low: 0, high: 1 };
  const z = Z_TWO_SIDED_5_PERCENT;
  const share = reached / n;
  const other = 1 - share;
  const below = 1 + z * Math.sqrt(z * z - 2 - 1 / n + 4 * share * (n * other + 1));
  const above = 1 + z * Math.sqrt(z * z + 2 - 1 / n + 4 * share * (n * other - 1));
  const at = (distance: number): number => (2 * reached + z * z + distance) / (2 * (n + z * z));
  return {
    share,
    low: reached === 0 ? 0 : Math.max(0, at(-below)),
    high: reached === n ? 1 : Math.min(1, at(above)),
  };
}

/**
 * Newcombe's interval of the difference of two shares, from their Wilson intervals (Stat. Med. 17, 1998, method 11).
 */
function newcombe(a: Estimate, b: Estimate): Estimate {
  const share = b.share - a.share;
  const below = Math.hypot(b.share - b.low, a.high - a.share);
  const above = Math.hypot(b.high - b.share, a.share - a.low);
  return { share, low: share - below, high: share + above };
}

function betterSentence(better: 'A' | 'B', { low, high }: Estimate): string {
  const [least, most] = better === 'B' ? [low, high] : [-high, -low];
  return `${better} is better by ${points(least)} to ${points(most)} points (95 %)`;
}

function noneShown(a: Variant, b: Variant, difference: Estimate, matters: number): string {
  const more = visitorsNeeded(a, b, matters) - a.visitors - b.visitors;
  if (more > 0) return `no difference shown; about ${about(more)} more visitors needed`;
  return `no difference shown; B differs from A by ${points(difference.low)} to ${points(difference.high)} points (95 %)`;
}

/**
 * The total number of visitors, at the current split, that detects a relevant difference in 80 of 100 cases. It assumes
 * the pooled share so far or, before the first visitor, one half, which needs the most.
 */
function visitorsNeeded(a: Variant, b: Variant, matters: number): number {
  const visitors = a.visitors + b.visitors;
  const shareOfB = b.visitors === 0 || a.visitors === 0 ? 0.5 : b.visitors / visitors;
  const pooled = pooledShare({ events: a.reached + b.reached, of: visitors });
  const z = Z_TWO_SIDED_5_PERCENT + Z_20_PERCENT;
  return Math.ceil((pooled * (1 - pooled) * (z / matters) ** 2) / (shareOfB * (1 - shareOfB)));
}

/** Laplace smoothing: one more visitor on either side keeps the share away from 0 and 1, where the variance is zero. */
function pooledShare({ events, of }: Ratio): number {
  return (events + 1) / (of + 2);
}

function points(share: number): string {
  return (share * 100).toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
