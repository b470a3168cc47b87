/** Decides from nginx's request counts whether a live release is good. */

import { plural } from './format';
import type { SlotName } from './slot';

export interface Counts {
  requests: number;
  /** 5xx answers and refused connections of the slot itself, not of its backup. */
  errors: number;
}

export const NONE: Counts = { requests: 0, errors: 0 };

/** Adds up the counts of several slots. */
export function sumOf(counts: Counts[]): Counts {
  return counts.reduce(
    (sum, { requests, errors }) => ({ requests: sum.requests + requests, errors: sum.errors + errors }),
    NONE,
  );
}

export interface BakeRule {
  /** How far the error ratio may exceed the previous release's (0 to 1). */
  maxErrorRatio: number;
  /** With fewer requests there is no verdict. */
  minRequests: number;
}

/** Tolerance for floating-point error: 0.55 - 0.5 exceeds 0.05 by less than this. */
const ROUNDING = 1e-9;

/**
 * Null while the release is healthy. Judges each slot alone, since only one may be unhealthy, then all together, since
 * each may have too few requests. The slot with the most errors comes first.
 */
export function releaseVerdict(
  before: Counts,
  now: ReadonlyMap<SlotName, Counts>,
  rule: BakeRule,
): { slots: SlotName[]; why: string } | null {
  const worstFirst = [...now].sort(([, a], [, b]) => b.errors - a.errors);
  for (const group of [...worstFirst.map((each) => [each]), worstFirst]) {
    const why = errorVerdict(before, sumOf(group.map(([, counts]) => counts)), rule);
    if (why !== null) return { slots: group.map(([slot]) => slot), why };
  }
  return null;
}

/** The result of a successful bake. Claims no more than the evidence shows. */
export function bakePassed(seconds: number, requests: number, { minRequests }: BakeRule): string {
  if (requests > 0 && requests >= minRequests) return `healthy for ${seconds} s`;
  const users =
    requests === 0 ? 'no user requests were seen' : `only ${plural(requests, 'user request')} seen`;
  return `passed its health checks for ${seconds} s; ${users}`;
}

/** Null while the error ratio is acceptable, otherwise one clause with the figures. */
export function errorVerdict(before: Counts, now: Counts, rule: BakeRule): string | null {
  if (now.requests < rule.minRequests) return null;
  // a single failed request before the deployment would otherwise excuse every failure now
  const usual = before.requests < rule.minRequests ? 0 : ratio(before);
  if (ratio(now) - usual <= rule.maxErrorRatio + ROUNDING) return null;
  return `${now.errors} of ${now.requests} requests failed (${percent(ratio(now))}, before ${percent(usual)})`;
}

function ratio({ requests, errors }: Counts): number {
  return requests === 0 ? 0 : errors / requests;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
