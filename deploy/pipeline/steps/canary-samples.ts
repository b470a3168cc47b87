/** Collects what users' requests say about a slot from nginx's log, for canary verdicts and A/B tests. */
import type { Variant } from '../../core/canary/ab-test';
import type { ByClient, WeightOf } from '../../core/canary/design-effect';
import { RequestsPerUser, together } from '../../core/canary/design-effect';
import type { Latency } from '../../core/canary/slower';
import type { Samples } from '../../core/canary/verdict';
import type { Tally } from '../../core/verdict';
import { NO_REQUESTS, plus } from '../../core/verdict';
import type { SlotName } from '../../core/slot';
import { BUCKETS } from '../../core/traffic-table';
import type { LogEntry } from '../../traffic/access-log';
import { hasSlotFailed } from '../../traffic/access-log';

/** The goal of a visit: a path that answers with a status, or the value of the app's X-Switchyard-Goal header. */
export type Goal = { path: string; status?: number } | { header: string };

interface Kept extends Latency {
  /** Null for a probe. */
  client: string | null;
}

/** An upgraded connection or an event stream lasts as long as its conversation, so its time is not a latency. */
const SWITCHING_PROTOCOLS = 101;
/** Per slot. */
const MOST_LATENCIES = 50_000;

/** How much one address may count. */
interface Bound {
  /** Requests of one address to the canary. */
  most: number;
  /** The canary's share of the buckets. */
  share: number;
}

interface Gathered {
  requests: number;
  errors: number;
  latencies: Kept[];
  errorsByPerson: RequestsPerUser;
  latenciesByPerson: RequestsPerUser;
  failing: Set<string>;
  /** Cohorts of returning users only: without the cookie every request looks like a new user. */
  visitors: Set<string>;
  reached: Set<string>;
}

export class SampleCollector {
  private readonly slots = new Map<SlotName, Gathered>();

  constructor(private readonly goal: Goal | null = null) {}

  /** Adds what nginx has answered; requests of testers and our own probes are ignored. */
  add(entries: LogEntry[]): void {
    for (const entry of entries) if (entry.kind === 'app') this.addRequest(entry);
  }

  /** Adds a direct probe of a slot. @param status null when there was no answer */
  addProbe(slot: SlotName, status: number | null, { at, ms }: Latency): void {
    const gathered = this.of(slot);
    const failed = status === null || status >= 500;
    this.count(gathered, failed, { at, ms, client: null }, null);
    if (failed) gathered.failing.add(`probe ${gathered.requests}`);
  }

  /** Sums the slots of either side, with a bounded weight of each address. */
  sides(canary: SlotName[], stable: SlotName[], bound: Bound): { canary: Samples; stable: Samples } {
    const [ofCanary, ofStable] = [this.all(canary), this.all(stable)];
    const [onCanary, onStable] = [requestsByClient(ofCanary), requestsByClient(ofStable)];
    // a single address counts in full
    const isOnly = haveOneAddress(onCanary, onStable);
    const weightOf = isOnly ? undefined : weights(onCanary, onStable, bound);
    let failing = 0;
    for (const { sum } of onCanary.values()) if (sum > 0) failing += 1;
    const doProbesFail = (onCanary.get(null)?.sum ?? 0) > 0;
    return {
      canary: sumOf(ofCanary, weightOf, !isOnly && !doProbesFail && failing < 2),
      stable: sumOf(ofStable, weightOf),
    };
  }

  variant(slots: SlotName[]): Variant {
    const gathered = slots.map((slot) => this.of(slot));
    const visitors = new Set(gathered.flatMap((each) => [...each.visitors]));
    const reached = new Set(gathered.flatMap((each) => [...each.reached]));
    return { visitors: visitors.size, reached: [...visitors].filter((cohort) => reached.has(cohort)).length };
  }

  private addRequest(entry: LogEntry): void {
    const { at, slot, cohort, returning, status, upstreamMs, isEventStream, client } = entry;
    const failed = hasSlotFailed(entry);
    if (slot === null || failed === null) return;
    const gathered = this.of(slot);
    const isStream = isEventStream || status === SWITCHING_PROTOCOLS;
    const ms = isStream ? null : (upstreamMs[0] ?? null);
    this.count(gathered, failed, ms === null ? null : { at, ms, client }, returning ? cohort : null, client);
    if (failed) gathered.failing.add(cohort === '' ? entry.id : cohort);
    if (returning) gathered.visitors.add(cohort);
    if (cohort !== '' && this.isReached(entry)) gathered.reached.add(cohort);
  }

  /** An error may be fast or slow, so it says nothing about latency. */
  private count(
    gathered: Gathered,
    failed: boolean,
    took: Kept | null,
    person: string | null,
    client: string | null = null,
  ): void {
    gathered.requests += 1;
    gathered.errorsByPerson.add(person, failed ? 1 : 0, client);
    // rank tests take any value; sums of squares need the long tail compressed
    if (!failed && took !== null) gathered.latenciesByPerson.add(person, Math.log1p(took.ms), client);
    if (failed) gathered.errors += 1;
    else if (took !== null) keep(gathered, took);
  }

  private isReached({ uri, status, goal: named }: LogEntry): boolean {
    const { goal } = this;
    if (goal === null) return false;
    if ('header' in goal) return named === goal.header;
    return uri === goal.path && (goal.status === undefined ? status < 400 : status === goal.status);
  }

  private all(slots: SlotName[]): Gathered[] {
    return slots.map((slot) => this.of(slot));
  }

  private of(slot: SlotName): Gathered {
    const known = this.slots.get(slot);
    if (known) return known;
    const none: Gathered = {
      errorsByPerson: new RequestsPerUser(),
      latenciesByPerson: new RequestsPerUser(),
      failing: new Set<string>(),
      requests: 0,
      errors: 0,
      latencies: [],
      visitors: new Set<string>(),
      reached: new Set<string>(),
    };
    this.slots.set(slot, none);
    return none;
  }
}

/** The requests of each address and their errors; null for probes. */
function requestsByClient(gathered: Gathered[]): ByClient {
  const [first, ...others] = gathered.map(({ errorsByPerson }) => errorsByPerson.byClient());
  // sampled ten times a second: avoid copying a single slot
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
 * on one of them. To stable it may send what goes with its requests to the canary, twice for chance. Undefined when each
 * request counts in full.
 */
function weights(canary: ByClient, stable: ByClient, { most, share }: Bound): WeightOf | undefined {
  const mostOfStable = (2 * most * (BUCKETS - share)) / share;
  const below = new Map<string | null, number>();
  for (const [side, limit] of [[canary, most] as const, [stable, mostOfStable] as const])
    for (const [client, { count }] of side)
      if (count > limit) below.set(client, Math.min(below.get(client) ?? 1, limit / count));
  return below.size === 0 ? undefined : (client) => below.get(client) ?? 1;
}

/** Sampled ten times a second, so it computes what only the end of a step needs when asked for it. */
function sumOf(gathered: Gathered[], weightOf?: WeightOf, onlyOneFails = false): Samples {
  const errors = gathered.map(({ errorsByPerson }) => errorsByPerson);
  return {
    ...gathered.reduce<Tally>(plus, NO_REQUESTS),
    ...(weightOf && { bounded: errors.map((each) => each.total(weightOf)).reduce(plus, NO_REQUESTS) }),
    onlyOneFails,
    get latencies() {
      const latencies = gathered.flatMap((each) => each.latencies);
      return weightOf ? thinned(latencies, weightOf) : latencies;
    },
    alike: {
      failing: gathered.reduce((sum, { failing }) => sum + failing.size, 0),
      get errors() {
        return together(errors.map((each) => each.spread(weightOf)));
      },
      get latencies() {
        return together(gathered.map(({ latenciesByPerson }) => latenciesByPerson.spread(weightOf)));
      },
    },
  };
}

/** Keeps the share of each address's latencies that its weight says, evenly over the step. */
function thinned(latencies: Kept[], weightOf: WeightOf): Latency[] {
  const due = new Map<string, number>();
  return latencies.filter(({ client }) => {
    if (client === null) return true;
    const now = (due.get(client) ?? 0) + weightOf(client);
    due.set(client, now % 1);
    return now >= 1;
  });
}

/** A test may last for days, so this keeps a uniform sample (Vitter's algorithm R). */
function keep(gathered: Gathered, took: Kept): void {
  const { latencies, requests, errors } = gathered;
  if (latencies.length < MOST_LATENCIES) return void latencies.push(took);
  const place = Math.floor(Math.random() * (requests - errors));
  if (place < MOST_LATENCIES) latencies[place] = took;
}

/** The users who saw an error of the slot; an error that the backup server recovered affects no user. */
export function affectedUsers(slot: SlotName, entries: LogEntry[]): string[] {
  return entries
    .filter(
      (entry) => entry.kind === 'app' && entry.slot === slot && entry.status >= 500 && hasSlotFailed(entry),
    )
    .map(({ cohort }) => cohort);
}
