/** Collects evidence about slots from users' requests in nginx's log, for canary verdicts and A/B tests. */
import type { Variant } from '../../core/canary/ab-test';
import type { AddressBound, LatencyOf } from '../../core/canary/address-weights';
import { thinned, weighAddresses } from '../../core/canary/address-weights';
import type { ByClient, WeightOf } from '../../core/canary/design-effect';
import { RequestsPerUser, together } from '../../core/canary/design-effect';
import type { Latency } from '../../core/canary/slower';
import type { Samples } from '../../core/canary/verdict';
import type { Tally } from '../../core/verdict';
import { NO_REQUESTS, plus } from '../../core/verdict';
import type { SlotName } from '../../core/slot';
import type { LogEntry } from '../../traffic/access-log';
import { hasSlotFailed } from '../../traffic/access-log';

/** The goal of a visit: a path that answers with a status, or the value of the app's X-Switchyard-Goal header. */
export type Goal = { path: string; status?: number } | { header: string };

/** An upgraded connection or an event stream lasts as long as its conversation, so its time is not a latency. */
const SWITCHING_PROTOCOLS = 101;
/** Per slot. */
const MOST_LATENCIES = 50_000;

interface Gathered {
  requests: number;
  errors: number;
  latencies: LatencyOf[];
  errorsByPerson: RequestsPerUser;
  latenciesByPerson: RequestsPerUser;
  failing: Set<string>;
  /** Contains only cohorts of returning users: without the cookie every request looks like a new user. */
  visitors: Set<string>;
  reached: Set<string>;
}

export class SampleCollector {
  private readonly slots = new Map<SlotName, Gathered>();

  constructor(private readonly goal: Goal | null = null) {}

  /** Adds entries of nginx's log; ignores requests of testers and Switchyard's own probes. */
  add(entries: LogEntry[]): void {
    for (const entry of entries) if (entry.kind === 'app') this.addRequest(entry);
  }

  /** Adds a direct probe of a slot. @param status null if there was no response */
  addProbe(slot: SlotName, status: number | null, { at, ms }: Latency): void {
    const gathered = this.of(slot);
    const failed = status === null || status >= 500;
    this.count(gathered, failed, { at, ms, client: null }, null);
    if (failed) gathered.failing.add(`probe ${gathered.requests}`);
  }

  /** Sums the slots of either side, with a bounded weight of each address. */
  sides(canary: SlotName[], stable: SlotName[], bound: AddressBound): { canary: Samples; stable: Samples } {
    const [ofCanary, ofStable] = [this.all(canary), this.all(stable)];
    const { weightOf, onlyOneFails } = weighAddresses(ofCanary.map(byClient), ofStable.map(byClient), bound);
    return { canary: sumOf(ofCanary, weightOf, onlyOneFails), stable: sumOf(ofStable, weightOf) };
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

  /** An error may be fast or slow, so it is not evidence about latency. */
  private count(
    gathered: Gathered,
    failed: boolean,
    took: LatencyOf | null,
    person: string | null,
    client: string | null = null,
  ): void {
    gathered.requests += 1;
    gathered.errorsByPerson.add(person, failed ? 1 : 0, client);
    // rank tests accept any value, but sums of squares need the long tail compressed
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

function byClient({ errorsByPerson }: Gathered): ByClient {
  return errorsByPerson.byClient();
}

/** Sampled ten times a second, so figures that only the end of a step needs are computed on demand. */
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

/** A test may last for days, so this keeps a uniform sample (Vitter's algorithm R). */
function keep(gathered: Gathered, took: LatencyOf): void {
  const { latencies, requests, errors } = gathered;
  if (latencies.length < MOST_LATENCIES) return void latencies.push(took);
  const place = Math.floor(Math.random() * (requests - errors));
  if (place < MOST_LATENCIES) latencies[place] = took;
}

/** The users who saw an error from the slot; an error that the backup server recovered affects no user. */
export function affectedUsers(slot: SlotName, entries: LogEntry[]): string[] {
  return entries
    .filter(
      (entry) => entry.kind === 'app' && entry.slot === slot && entry.status >= 500 && hasSlotFailed(entry),
    )
    .map(({ cohort }) => cohort);
}
