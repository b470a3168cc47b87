/** Decides from nginx's request counts whether a live release is good. */

import { plural } from './format';
import type { SlotName } from './slot';

export interface Tally {
  requests: number;
  /** 5xx answers and refused connections of the slot itself, not of its backup. */
  errors: number;
}

export interface Counts extends Tally {
  /** The counts by client address (see LogEntry); left out if every request counts in full. */
  clients?: ReadonlyMap<string, Tally>;
}

export const NO_REQUESTS: Counts = { requests: 0, errors: 0 };

/** Adds up the counts of several slots. */
export function sumOf(counts: Counts[]): Counts {
  const clients = new Map<string, Tally>();
  for (const [client, tally] of counts.flatMap((each) => [...(each.clients ?? [])]))
    clients.set(client, plus(clients.get(client) ?? NO_REQUESTS, tally));
  return { ...counts.reduce<Tally>(plus, NO_REQUESTS), ...(clients.size > 0 && { clients }) };
}

export function plus(a: Tally, b: Tally): Tally {
  return { requests: a.requests + b.requests, errors: a.errors + b.errors };
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
 * Null while the release is healthy. Judges each slot alone, because only one may be unhealthy, then all together,
 * because each may have too few requests. The slot with the most errors comes first.
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

/**
 * Null while the error ratio is acceptable, otherwise one clause with the figures. One address alone cannot fail a
 * release that works for others.
 */
export function errorVerdict(before: Counts, now: Counts, rule: BakeRule): string | null {
  if (now.requests < rule.minRequests || isOneOfSeveral(now)) return null;
  // a single failed request before the deployment would otherwise excuse every failure now
  const usual = before.requests < rule.minRequests ? 0 : ratio(capPerClient(before, rule));
  const share = ratio(capPerClient(now, rule));
  if (share - usual <= rule.maxErrorRatio + ROUNDING) return null;
  const isEqual = percent(share) === percent(ratio(now));
  const weighed = isEqual ? '' : ` if no address counts more than ${rule.minRequests} times`;
  return `${now.errors} of ${now.requests} requests failed (${percent(share)}${weighed}, before ${percent(usual)})`;
}

/** True if only one of several addresses got errors: a client that requests a broken URL again and again. */
function isOneOfSeveral({ clients = new Map<string, Tally>() }: Counts): boolean {
  return clients.size > 1 && [...clients.values()].filter(({ errors }) => errors > 0).length < 2;
}

/** Counts an address as at most minRequests requests, so that a few busy addresses cannot decide the verdict. */
export function capPerClient(counts: Counts, { minRequests }: BakeRule): Tally {
  if (!counts.clients) return counts;
  return [...counts.clients.values()]
    .map(({ requests, errors }) => {
      const weight = Math.min(1, minRequests / requests);
      return { requests: requests * weight, errors: errors * weight };
    })
    .reduce(plus, NO_REQUESTS);
}

function ratio({ requests, errors }: Tally): number {
  return requests === 0 ? 0 : errors / requests;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
