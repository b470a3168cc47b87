/**
 * Decides whether the canary is as good as stable, from the responses of both over the same window. Pure.
 *
 * Each step is judged once, when its time is over and there is enough data. Before that, only an error ratio above the
 * ceiling fails it, and the test for this stays valid under continuous checking. At most 1 % of good canaries fail at a
 * step: 0.4 % by errors, 0.4 % by latency, 0.2 % by the ceiling. See docs/decisions/0014.
 */
import { count, percent } from '../format';
import type { Tally } from '../verdict';
import type { Spread } from './design-effect';
import { designEffect } from './design-effect';
import type { Latency, SlowRule } from './slower';
import { compareLatency } from './slower';
import type { Ratio } from './statistics';
import { chanceOfAsMany, evidenceOver } from './statistics';

/** The responses of one side during the window. */
export interface Samples extends Tally {
  /** The same with a bounded weight of each address; left out when each request counts in full. */
  bounded?: Tally;
  /** Latencies of the responses that were not errors. */
  latencies: Latency[];
  /** How similar the requests of one user are; left out when all are independent. */
  alike?: {
    errors: Spread;
    latencies: Spread;
    /** The number of users who got an error. */
    failing: number;
  };
  /** True if at most one of several addresses got errors. */
  onlyOneFails?: boolean;
}

export interface CanaryRule extends SlowRule {
  /** The canary fails if its error ratio exceeds this, whatever stable's is. 0 to 1. */
  maxErrorRatio: number;
  /** An error ratio that exceeds stable's by less than this does not matter. 0 to 1. */
  extraErrors: number;
  /** Minimum number of requests on either side for a verdict. */
  minRequests: number;
}

export interface Verdict {
  verdict: 'pass' | 'fail' | 'not enough data';
  /** One clause with the figures. */
  why: string;
}

/** The shares of good canaries that may fail: by each comparison and, over the whole step, by the ceiling. */
const MAY_FAIL_BY_ERRORS = 0.004;
const MAY_FAIL_BY_CEILING = 0.002;

/** Tolerance for floating-point error in sums of weights. */
const ROUNDING = 1e-6;

/** A single user who retries is not evidence, however often. */
const FEWEST_FAILING = 3;

/** Called continuously: a verdict if the canary's errors exceed the ceiling significantly, null otherwise. */
export function judgeAtOnce(canary: Samples, rule: CanaryRule): Verdict | null {
  if (canary.onlyOneFails || (canary.alike && canary.alike.failing < FEWEST_FAILING)) return null;
  const evidence = evidenceOver(rule.maxErrorRatio, independent(canary, errorEffect([canary]), Math.floor));
  if (evidence * MAY_FAIL_BY_CEILING < 1) return null;
  const why = `${failedOf(canary, rule)}, more than the ${percent(rule.maxErrorRatio)} that are ever allowed`;
  return { verdict: 'fail', why };
}

/** Called once per step, at its end; again only while there is not enough data. */
export function judgeStep(canary: Samples, stable: Samples, rule: CanaryRule): Verdict {
  const gross = judgeAtOnce(canary, rule);
  if (gross) return gross;
  const missing = missingData(canary, stable, rule);
  if (missing) return { verdict: 'not enough data', why: missing };
  const { isSlower, figures } = compareLatency(canary, stable, rule);
  const worse = [moreErrors(canary, stable, rule), isSlower && `it is slower: ${figures}`].filter(Boolean);
  if (worse.length > 0) return { verdict: 'fail', why: worse.join('; ') };
  return { verdict: 'pass', why: [errorFigures(canary, stable, rule), figures].filter(Boolean).join('; ') };
}

function missingData(canary: Samples, stable: Samples, { minRequests }: CanaryRule): string | null {
  const [ofCanary, ofStable] = [weighed(canary).requests, weighed(stable).requests];
  const [fewer, name] = ofCanary <= ofStable ? [ofCanary, 'the canary'] : [ofStable, 'stable'];
  const whole = Math.floor(fewer + ROUNDING);
  if (whole >= minRequests) return null;
  return `${name} got ${count(whole)} of the ${count(minRequests)} requests that a verdict needs`;
}

/** The difference must be both relevant and statistically significant. */
function moreErrors(canary: Samples, stable: Samples, rule: CanaryRule): string | null {
  if (errorRatio(canary) - errorRatio(stable) < rule.extraErrors) return null;
  const effect = errorEffect([canary, stable]);
  const chance = chanceOfAsMany(
    independent(canary, effect, Math.floor),
    independent(stable, effect, Math.ceil),
  );
  return chance <= MAY_FAIL_BY_ERRORS ? errorFigures(canary, stable, rule) : null;
}

function errorEffect(sides: Samples[]): number {
  return designEffect(sides.flatMap(({ alike }) => alike?.errors ?? []));
}

/** The equivalent number of independent requests. @param round rounds in the canary's favour */
function independent(samples: Samples, effect: number, round: (part: number) => number): Ratio {
  const { errors, requests } = weighed(samples);
  return { events: round(errors / effect), of: Math.ceil(requests / effect) };
}

function errorFigures(canary: Samples, stable: Samples, rule: CanaryRule): string {
  return `${failedOf(canary, rule)} against ${failedOf(stable, rule)} of stable`;
}

function failedOf(samples: Samples, { minRequests }: CanaryRule): string {
  const { requests, errors } = samples;
  const ratio = percent(errorRatio(samples));
  const isEqual = ratio === percent(errorRatio({ requests, errors }));
  const bounds = isEqual ? '' : ` if no address counts more than ${count(minRequests)} times`;
  return `${count(errors)} of ${count(requests)} failed (${ratio}${bounds})`;
}

function errorRatio(samples: Pick<Samples, 'requests' | 'errors' | 'bounded'>): number {
  const { requests, errors } = weighed(samples);
  return requests === 0 ? 0 : errors / requests;
}

function weighed(samples: Pick<Samples, 'requests' | 'errors' | 'bounded'>): Tally {
  return samples.bounded ?? samples;
}
