/**
 * Is the canary slower? Answers of one moment are alike: while another program has the processor, or memory is cleared
 * up, hundreds of them are late, and a test that takes them for independent finds a difference between any two
 * processes. So not answers are counted, but parts of the step: each says by how much the canary was slower than stable
 * at the same time, and it is the parts that may differ by chance. And a process that has just been started is slower
 * for a while, however good its release is. Pure.
 */
import { mean, quantile, sampleStandardDeviation } from 'simple-statistics';
import type { Spread } from './design-effect';
import { designEffect } from './design-effect';
import { largerThanHalf, T_0_4_PERCENT_OF_10 } from './statistics';

/** An answer that was no error. */
export interface Latency {
  /** Milliseconds since 1970. */
  at: number;
  /** From the question to the slot's whole answer. */
  ms: number;
}

export interface Answered {
  latencies: Latency[];
  /** How alike the requests of one person are; left out where all are independent. */
  alike?: { latencies: Spread };
}

export interface SlowRule {
  /** So many times stable's latency matters, at the median or where 95 % are within; less does not. Over 1. */
  slower: number;
  /** The canary's first answers of a step are left out for so long. Seconds. */
  warmUp: number;
}

export interface LatencyCompared {
  isSlower: boolean;
  /** Both sides' figures, or ''. */
  figures: string;
}

/** As many as T_0_4_PERCENT_OF_10 is for. */
const PARTS = 10;
/** What stops a process for a moment shall not reach over several parts. */
const SHORTEST_PART_MS = 500;
/** A difference that nobody feels. */
const UNFELT_MS = 10;
const SLOW_QUANTILE = 0.95;

/** What lasts less than ten parts of half a second, after the warm-up, is shown and not compared. */
export function compareLatency(canary: Answered, stable: Answered, rule: SlowRule): LatencyCompared {
  if (canary.latencies.length === 0 || stable.latencies.length === 0) return { isSlower: false, figures: '' };
  const begin = earliest(canary.latencies) + rule.warmUp * 1000;
  const now = canary.latencies.filter(({ at }) => at >= begin);
  const usual = stable.latencies.filter(({ at }) => at >= begin);
  const partMs = (Math.max(latest(now), latest(usual)) + 1 - begin) / PARTS;
  if (now.length === 0 || usual.length === 0 || partMs < SHORTEST_PART_MS) {
    return { isSlower: false, figures: `${told(canary.latencies, stable.latencies)}, too short to compare` };
  }
  const isSlower =
    matters(now, usual, rule) &&
    isNoChance(slownessByPart(now, usual, { begin, partMs }), alikeness(canary, stable));
  return { isSlower, figures: told(now, usual) };
}

function matters(now: Latency[], usual: Latency[], { slower }: SlowRule): boolean {
  return [0.5, SLOW_QUANTILE].some((share) => {
    const [canary, stable] = [within(now, share), within(usual, share)];
    return canary >= stable * slower && canary - stable >= UNFELT_MS;
  });
}

/** Nothing is learnt from a part in which one of the two has answered nobody: it counts as no difference. */
function slownessByPart(
  now: Latency[],
  usual: Latency[],
  { begin, partMs }: { begin: number; partMs: number },
): number[] {
  const split = (answers: Latency[]): number[][] => {
    const parts = Array.from({ length: PARTS }, (): number[] => []);
    for (const { at, ms } of answers) parts[Math.floor((at - begin) / partMs)]?.push(ms);
    return parts;
  };
  const stable = split(usual);
  return split(now).map((part, at) => largerThanHalf(part, stable[at] as number[]));
}

/** Student's test of their mean. What people have in common stays the same from part to part, and is allowed for besides. */
function isNoChance(slowness: number[], alike: number): boolean {
  const spread = sampleStandardDeviation(slowness) / Math.sqrt(slowness.length);
  const needed = T_0_4_PERCENT_OF_10 * spread * Math.sqrt(alike);
  return mean(slowness) > needed;
}

function alikeness(...sides: Answered[]): number {
  return designEffect(sides.flatMap(({ alike }) => alike?.latencies ?? []));
}

function told(now: Latency[], usual: Latency[]): string {
  return `${oneSide(now)} against ${oneSide(usual)}`;
}

function oneSide(answers: Latency[]): string {
  return `${Math.round(within(answers, 0.5))} ms (95 % within ${Math.round(within(answers, SLOW_QUANTILE))} ms)`;
}

function within(answers: Latency[], share: number): number {
  return quantile(
    answers.map(({ ms }) => ms),
    share,
  );
}

function earliest(answers: Latency[]): number {
  return answers.reduce((first, { at }) => Math.min(first, at), Infinity);
}

function latest(answers: Latency[]): number {
  return answers.reduce((last, { at }) => Math.max(last, at), -Infinity);
}
