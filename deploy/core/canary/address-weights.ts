/** How much the requests of one address count in a canary's verdict, and whether only one address gets errors. Pure. */
import { BUCKETS } from '../traffic-table';
import type { ByClient, WeightOf } from './design-effect';
import type { Latency } from './slower';

/** How much one address may count. */
export interface AddressBound {
  /** Requests of one address to the canary. */
  most: number;
  /** The canary's share of the buckets. */
  share: number;
}

/** The latency of one of this address's responses; null for a probe. */
export interface LatencyOf extends Latency {
  client: string | null;
}

interface WeighedAddresses {
  /** Undefined if each request counts in full. */
  weightOf: WeightOf | undefined;
  /** True if at most one of several addresses got errors from the canary, and no probe did. */
  onlyOneFails: boolean;
}

/** @param canary the requests of each address and their errors, for each slot of this side; null for probes */
export function weighAddresses(
  canary: ByClient[],
  stable: ByClient[],
  bound: AddressBound,
): WeighedAddresses {
  const [onCanary, onStable] = [sumOf(canary), sumOf(stable)];
  // a single address counts in full
  const isOnly = haveOneAddress(onCanary, onStable);
  let failing = 0;
  for (const { sum } of onCanary.values()) if (sum > 0) failing += 1;
  const doProbesFail = (onCanary.get(null)?.sum ?? 0) > 0;
  return {
    weightOf: isOnly ? undefined : weights(onCanary, onStable, bound),
    onlyOneFails: !isOnly && !doProbesFail && failing < 2,
  };
}

function sumOf(slots: ByClient[]): ByClient {
  const [first, ...others] = slots;
  // called ten times a second: avoids copying a single slot
  if (first && others.length === 0) return first;
  const clients = new Map(first);
  for (const slot of others)
    for (const [client, { count, sum }] of slot) {
      const before = clients.get(client) ?? { count: 0, sum: 0 };
      clients.set(client, { count: before.count + count, sum: before.sum + sum });
    }
  return clients;
}

/** Probes do not count as an address. */
function haveOneAddress(canary: ByClient, stable: ByClient): boolean {
  const known = new Set<string>();
  for (const side of [canary, stable])
    for (const client of side.keys()) {
      if (client !== null) known.add(client);
      if (known.size > 1) return false;
    }
  return true;
}

/**
 * An address has the same weight on both sides. With two weights, a URL that fails on both sides alike would count more
 * on one of them. The bound on requests to stable is that on requests to the canary, scaled by the split and doubled to
 * allow for chance. Undefined if each request counts in full.
 */
function weights(canary: ByClient, stable: ByClient, { most, share }: AddressBound): WeightOf | undefined {
  const mostOfStable = (2 * most * (BUCKETS - share)) / share;
  const below = new Map<string | null, number>();
  for (const [side, limit] of [[canary, most] as const, [stable, mostOfStable] as const])
    for (const [client, { count }] of side)
      if (count > limit) below.set(client, Math.min(below.get(client) ?? 1, limit / count));
  return below.size === 0 ? undefined : (client) => below.get(client) ?? 1;
}

/** Keeps a share of each address's latencies equal to its weight, evenly over the step. */
export function thinned(latencies: LatencyOf[], weightOf: WeightOf): Latency[] {
  const due = new Map<string, number>();
  return latencies.filter(({ client }) => {
    if (client === null) return true;
    const now = (due.get(client) ?? 0) + weightOf(client);
    due.set(client, now % 1);
    return now >= 1;
  });
}
