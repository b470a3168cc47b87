/** Is a release that went live good? Decided from what nginx counted, by rule. */

import { plural } from './format';
import type { SlotName } from './slot';

export interface Counts {
  requests: number;
  /** 5xx answers and refused connections of the slot itself, not of what stood in for it. */
  errors: number;
}

export const NONE: Counts = { requests: 0, errors: 0 };

/** Several slots as one. */
export function sumOf(counts: Counts[]): Counts {
  return counts.reduce(
    (sum, { requests, errors }) => ({ requests: sum.requests + requests, errors: sum.errors + errors }),
    NONE,
  );
}

export interface BakeRule {
  /** The share of errors may exceed that of the release before by this much (0 to 1). */
  maxErrorRatio: number;
  /** Fewer requests are no evidence. */
  minRequests: number;
}

/** Shares are fractions of a double: 0.55 - 0.5 is more than 0.05 by less than this. */
const ROUNDING = 1e-9;

/**
 * Null while all is well. Each slot is judged by itself, since one of several may be ill; then all together, since each
 * may have answered too little to tell. The slot with the most errors comes first.
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

/** What a bake without a complaint ends with: it claims no more than it has seen. */
export function bakePassed(seconds: number, requests: number, { minRequests }: BakeRule): string {
  if (requests > 0 && requests >= minRequests) return `healthy for ${seconds} s`;
  const users =
    requests === 0 ? 'no user requests were seen' : `only ${plural(requests, 'user request')} seen`;
  return `passed its health checks for ${seconds} s; ${users}`;
}

/** Null while all is well, otherwise one clause that names the figures. */
export function errorVerdict(before: Counts, now: Counts, rule: BakeRule): string | null {
  if (now.requests < rule.minRequests) return null;
  // one failed request of one before would otherwise excuse every failure now
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
