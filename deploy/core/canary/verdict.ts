/**
 * Is the canary as good as stable? Decided from what both answered over the same window. Pure.
 *
 * Each step of a canary is judged once, when its time is over and there is enough to judge from; before that only a
 * ratio over the ceiling ends it, by a bound that may be looked at all the time. So that of 100 good canaries at most
 * one is failed at a step, that 1 % is divided: 0.4 % for the errors, 0.4 % for the latency, 0.2 % for the ceiling.
 * docs/decisions/0014 says why.
 */
import { count, percent } from '../format';
import type { Spread } from './design-effect';
import { designEffect } from './design-effect';
import type { Latency, SlowRule } from './slower';
import { compareLatency } from './slower';
import type { Ratio } from './statistics';
import { chanceOfAsMany, evidenceOver } from './statistics';

/** What one of the two answered during the window. */
export interface Samples {
  requests: number;
  /** 5xx answers and refused connections of the slot itself, not of what stood in for it. */
  errors: number;
  /** Of those that were no errors. */
  latencies: Latency[];
  /** How alike the requests of one person are; left out where all are independent. */
  alike?: {
    errors: Spread;
    latencies: Spread;
    /** People who have met an error. */
    failing: number;
  };
}

export interface CanaryRule extends SlowRule {
  /** The canary fails when its share of errors lies over this, whatever stable's is. 0 to 1. */
  maxErrorRatio: number;
  /** A share of errors over stable's by less than this does not matter. 0 to 1. */
  extraErrors: number;
  /** Fewer requests, on either side, are not enough data. */
  minRequests: number;
}

export interface Verdict {
  verdict: 'pass' | 'fail' | 'not enough data';
  /** One clause that names the figures. */
  why: string;
}

/** The shares of good canaries that may be failed: by a comparison, and, over the whole step, by the ceiling. */
const MAY_FAIL_BY_ERRORS = 0.004;
const MAY_FAIL_BY_CEILING = 0.002;

/** One person who tries again and again is no evidence, however often. */
const FEWEST_FAILING = 3;

/** To be asked all the time: a verdict when the canary's errors lie over the ceiling beyond chance, null otherwise. */
export function judgeAtOnce(canary: Samples, rule: CanaryRule): Verdict | null {
  if (canary.alike && canary.alike.failing < FEWEST_FAILING) return null;
  const evidence = evidenceOver(rule.maxErrorRatio, independent(canary, errorEffect([canary]), Math.floor));
  if (evidence * MAY_FAIL_BY_CEILING < 1) return null;
  const why = `${failedOf(canary)}, more than the ${percent(rule.maxErrorRatio)} that are ever allowed`;
  return { verdict: 'fail', why };
}

/** To be asked once a step, at its end; again only while there is not enough data. */
export function judgeStep(canary: Samples, stable: Samples, rule: CanaryRule): Verdict {
  const gross = judgeAtOnce(canary, rule);
  if (gross) return gross;
  const missing = missingData(canary, stable, rule);
  if (missing) return { verdict: 'not enough data', why: missing };
  const { isSlower, figures } = compareLatency(canary, stable, rule);
  const worse = [moreErrors(canary, stable, rule), isSlower && `it is slower: ${figures}`].filter(Boolean);
  if (worse.length > 0) return { verdict: 'fail', why: worse.join('; ') };
  return { verdict: 'pass', why: [errorFigures(canary, stable), figures].filter(Boolean).join('; ') };
}

function missingData(canary: Samples, stable: Samples, { minRequests }: CanaryRule): string | null {
  const [fewer, name] = canary.requests <= stable.requests ? [canary, 'the canary'] : [stable, 'stable'];
  if (fewer.requests >= minRequests) return null;
  return `${name} got ${count(fewer.requests)} of the ${count(minRequests)} requests that a verdict needs`;
}

/** It must matter, and it must be more than chance. */
function moreErrors(canary: Samples, stable: Samples, rule: CanaryRule): string | null {
  if (errorRatio(canary) - errorRatio(stable) < rule.extraErrors) return null;
  const effect = errorEffect([canary, stable]);
  const chance = chanceOfAsMany(
    independent(canary, effect, Math.floor),
    independent(stable, effect, Math.ceil),
  );
  return chance <= MAY_FAIL_BY_ERRORS ? errorFigures(canary, stable) : null;
}

function errorEffect(sides: Samples[]): number {
  return designEffect(sides.flatMap(({ alike }) => alike?.errors ?? []));
}

/** As many independent requests as these are worth. @param round in favour of the canary */
function independent({ errors, requests }: Samples, effect: number, round: (part: number) => number): Ratio {
  return { events: round(errors / effect), of: Math.ceil(requests / effect) };
}

function errorFigures(canary: Samples, stable: Samples): string {
  return `${failedOf(canary)} against ${failedOf(stable)} of stable`;
}

function failedOf(samples: Samples): string {
  return `${count(samples.errors)} of ${count(samples.requests)} failed (${percent(errorRatio(samples))})`;
}

function errorRatio({ requests, errors }: Samples): number {
  return requests === 0 ? 0 : errors / requests;
}
