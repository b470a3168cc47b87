/**
 * Decides whether the canary is slower than stable. Pure.
 *
 * Responses at the same moment are not independent: while another program has the processor, or the garbage collector
 * runs, hundreds are late. A test on single responses would find a difference between any two processes. So the test
 * splits the step into parts, and measures in each how much slower the canary was than stable. A new process is slow at
 * first whatever its release, so the comparison skips a warm-up.
 */
import { mean, quantile, sampleStandardDeviation } from 'simple-statistics';
import type { Spread } from './design-effect';
import { designEffect } from './design-effect';
import { largerThanHalf, T_0_4_PERCENT_OF_10 } from './statistics';

/** A response that was not an error. */
export interface Latency {
  /** Milliseconds since 1970. */
  at: number;
  /** From the request to the end of the slot's response. */
  ms: number;
}

export interface Answered {
  latencies: Latency[];
  /** How similar the requests of one user are; left out when all are independent. */
  alike?: { latencies: Spread };
}

export interface SlowRule {
  /** Minimum ratio of the canary's latency to stable's, at the median or the 95th percentile, to be slower. Over 1. */
  slower: number;
  /** Length of the warm-up at the start of a step, in seconds. Its responses do not count for latency. */
  warmUp: number;
}

export interface LatencyCompared {
  isSlower: boolean;
  /** The figures of both sides, or ''. */
  figures: string;
}

/** Must match T_0_4_PERCENT_OF_10. */
const PARTS = 10;
/** A short pause of a process must not span several parts. */
const SHORTEST_PART_MS = 500;
/** Users do not notice a smaller difference. */
const UNFELT_MS = 10;
const SLOW_QUANTILE = 0.95;

/** A step shorter than ten parts of half a second, after the warm-up, is displayed but not compared. */
export function compareLatency(canary: Answered, stable: Answered, rule: SlowRule): LatencyCompared {
  if (canary.latencies.length === 0 || stable.latencies.length === 0) return { isSlower: false, figures: '' };
  const begin = earliest(canary.latencies) + rule.warmUp * 1000;
  const now = canary.latencies.filter(({ at }) => at >= begin);
  const usual = stable.latencies.filter(({ at }) => at >= begin);
  const partMs = (Math.max(latest(now), latest(usual)) + 1 - begin) / PARTS;
  if (now.length === 0 || usual.length === 0 || partMs < SHORTEST_PART_MS) {
    return {
      isSlower: false,
      figures: `${inFigures(canary.latencies, stable.latencies)}, too short to compare`,
    };
  }
  const isSlower =
    matters(now, usual, rule) &&
    isNoChance(slownessByPart(now, usual, { begin, partMs }), alikeness(canary, stable));
  return { isSlower, figures: inFigures(now, usual) };
}

function matters(now: Latency[], usual: Latency[], { slower }: SlowRule): boolean {
  return [0.5, SLOW_QUANTILE].some((share) => {
    const [canary, stable] = [within(now, share), within(usual, share)];
    return canary >= stable * slower && canary - stable >= UNFELT_MS;
  });
}

/** A part in which either side has no responses counts as no difference. */
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

/**
 * Student's t-test of the mean over the parts. Similarity within one user's requests does not average out between
 * parts, so the design effect widens the bound.
 */
function isNoChance(slowness: number[], alike: number): boolean {
  const spread = sampleStandardDeviation(slowness) / Math.sqrt(slowness.length);
  const needed = T_0_4_PERCENT_OF_10 * spread * Math.sqrt(alike);
  return mean(slowness) > needed;
}

function alikeness(...sides: Answered[]): number {
  return designEffect(sides.flatMap(({ alike }) => alike?.latencies ?? []));
}

function inFigures(now: Latency[], usual: Latency[]): string {
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
