/** Collects what users' requests say about a slot from nginx's log, for canary verdicts and A/B tests. */
import type { Variant } from '../../core/canary/ab-test';
import type { Spread } from '../../core/canary/design-effect';
import { RequestsPerUser } from '../../core/canary/design-effect';
import type { Latency } from '../../core/canary/slower';
import type { Samples } from '../../core/canary/verdict';
import type { SlotName } from '../../core/slot';
import type { LogEntry } from '../../traffic/access-log';
import { hasSlotFailed } from '../../traffic/access-log';

/** The goal of a visit: a path that answers with a status, or the value of the app's X-Switchyard-Goal header. */
export type Goal = { path: string; status?: number } | { header: string };

/** An upgraded connection lasts as long as its conversation, so its time is not a latency. */
const SWITCHING_PROTOCOLS = 101;
/** Per slot. */
const MOST_LATENCIES = 50_000;

interface Gathered extends Omit<Samples, 'alike'> {
  errorsByPerson: RequestsPerUser;
  latenciesByPerson: RequestsPerUser;
  failing: Set<string>;
  /** Cohorts of returning users only: without the cookie every request looks like a new user. */
  visitors: Set<string>;
  reached: Set<string>;
}

export class SampleBook {
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
    this.count(gathered, failed, { at, ms }, null);
    if (failed) gathered.failing.add(`probe ${gathered.requests}`);
  }

  /** Sums these slots. */
  samples(slots: SlotName[]): Samples {
    const gathered = slots.map((slot) => this.of(slot));
    // sampled ten times a second: avoid copying a single slot
    const [only] = gathered;
    if (only && gathered.length === 1) return { ...only, alike: alike(only) };
    return {
      requests: sum(gathered.map(({ requests }) => requests)),
      errors: sum(gathered.map(({ errors }) => errors)),
      latencies: gathered.flatMap(({ latencies }) => latencies),
      alike: together(gathered.map(alike)),
    };
  }

  variant(slots: SlotName[]): Variant {
    const gathered = slots.map((slot) => this.of(slot));
    const visitors = new Set(gathered.flatMap((each) => [...each.visitors]));
    const reached = new Set(gathered.flatMap((each) => [...each.reached]));
    return { visitors: visitors.size, reached: [...visitors].filter((cohort) => reached.has(cohort)).length };
  }

  private addRequest(entry: LogEntry): void {
    const { at, slot, cohort, returning, status, upstreamMs } = entry;
    const failed = hasSlotFailed(entry);
    if (slot === null || failed === null) return;
    const gathered = this.of(slot);
    const ms = status === SWITCHING_PROTOCOLS ? null : (upstreamMs[0] ?? null);
    this.count(gathered, failed, ms === null ? null : { at, ms }, returning ? cohort : null);
    if (failed) gathered.failing.add(cohort === '' ? entry.id : cohort);
    if (returning) gathered.visitors.add(cohort);
    if (cohort !== '' && this.isReached(entry)) gathered.reached.add(cohort);
  }

  /** An error may be fast or slow, so it says nothing about latency. */
  private count(gathered: Gathered, failed: boolean, took: Latency | null, person: string | null): void {
    gathered.requests += 1;
    gathered.errorsByPerson.add(person, failed ? 1 : 0);
    // rank tests take any value; sums of squares need the long tail compressed
    if (!failed && took !== null) gathered.latenciesByPerson.add(person, Math.log1p(took.ms));
    if (failed) gathered.errors += 1;
    else if (took !== null) keep(gathered, took);
  }

  private isReached({ uri, status, goal: named }: LogEntry): boolean {
    const { goal } = this;
    if (goal === null) return false;
    if ('header' in goal) return named === goal.header;
    return uri === goal.path && (goal.status === undefined ? status < 400 : status === goal.status);
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

type Alike = NonNullable<Samples['alike']>;

function alike({ errorsByPerson, latenciesByPerson, failing }: Gathered): Alike {
  return { errors: errorsByPerson.spread(), latencies: latenciesByPerson.spread(), failing: failing.size };
}

function together(sides: Alike[]): Alike {
  const add = (spreads: Spread[]): Spread => ({
    people: sum(spreads.map(({ people }) => people)),
    requests: sum(spreads.map(({ requests }) => requests)),
  });
  return {
    errors: add(sides.map(({ errors }) => errors)),
    latencies: add(sides.map(({ latencies }) => latencies)),
    failing: sum(sides.map(({ failing }) => failing)),
  };
}

/** A test may last for days, so this keeps a uniform sample (Vitter's algorithm R). */
function keep(gathered: Gathered, took: Latency): void {
  const { latencies, requests, errors } = gathered;
  if (latencies.length < MOST_LATENCIES) return void latencies.push(took);
  const place = Math.floor(Math.random() * (requests - errors));
  if (place < MOST_LATENCIES) latencies[place] = took;
}

function sum(numbers: number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}

/** The users who saw an error of the slot; an error that the backup server recovered affects no user. */
export function affectedUsers(slot: SlotName, entries: LogEntry[]): string[] {
  return entries
    .filter(
      (entry) => entry.kind === 'app' && entry.slot === slot && entry.status >= 500 && hasSlotFailed(entry),
    )
    .map(({ cohort }) => cohort);
}
