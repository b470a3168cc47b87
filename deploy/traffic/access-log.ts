/**
 * What nginx has answered, from its own log: the only witness that has seen every request, also those that no
 * slot has. Its lines are described in nginx/site.conf.template.
 */
import path from 'node:path';
import type { SlotName } from '../core/slot';
import type { Home } from '../home/home';
import type { LogPosition } from './rotated-log';
import { endOfLog, readLog } from './rotated-log';

export type { LogPosition } from './rotated-log';

/** What nginx calls the page, whatever was asked for (nginx/site.conf.template). */
const MAINTENANCE_PAGE = '/switchyard-maintenance.html';
/** Whose requests are not users'. */
const OTHERS = ['preview', 'deploy', 'probe'] as const;
type Kind = 'app' | (typeof OTHERS)[number];

export interface LogEntry {
  /** Milliseconds since 1970, when the answer was sent. */
  at: number;
  /** `app` for users' requests; `preview` for testers', `deploy` for the deployer's pages, `probe` for our own questions. */
  kind: Kind;
  method: string;
  /** The path without its query. */
  uri: string;
  /** What the client was told. */
  status: number;
  /** The slot the table gave it to; null when there was none. */
  slot: SlotName | null;
  /** The folder name of a table that divides users; empty while one slot serves everyone. */
  table: string;
  /** Whoever asked then got the maintenance page. */
  maintenance: boolean;
  /** Who was asked, in order: the slot, then the way behind it. */
  upstreams: string[];
  /** What each of them answered; null for one that has not answered when the client left. */
  upstreamStatuses: (number | null)[];
  /** How long each of them took for its whole answer, in milliseconds; null for one that could not be reached. */
  upstreamMs: (number | null)[];
  /** From the request's first byte to the answer's last, in milliseconds. */
  ms: number;
  /** nginx's own name for it. */
  id: string;
  /** Whose request it is while the table is split, otherwise ''. */
  cohort: string;
  /** True for somebody who has brought the cohort's cookie: a person, and no program that forgets it. */
  returning: boolean;
  /** What the app has named in its header X-Switchyard-Goal, or ''. */
  goal: string;
}

export interface SlotCounts {
  slot: SlotName;
  requests: number;
  errors: number;
}

export interface RequestCounts {
  served: number;
  /** Those that the client saw failing. */
  failed: number;
  /** Those that were told to come back later, by the maintenance page. */
  turnedAway: number;
  /** Slot by slot, whatever the way behind a slot has made good. */
  slots: SlotCounts[];
}

/** The client closed the connection before there was an answer: nginx's own code for it. */
const CLIENT_LEFT = 499;

/** The log's end: only what comes after it will be read. */
export function logPosition(home: Home): LogPosition {
  return endOfLog(home.accessLog);
}

/** The requests since `from`, over rotations too, and where to go on. */
export function readRequests(home: Home, from: LogPosition): { requests: LogEntry[]; position: LogPosition } {
  const { text, position } = readLog(home.accessLog, from);
  const requests = text
    .split('\n')
    .map(parseLine)
    .filter((entry) => entry !== null);
  return { requests, position };
}

/** How much of the log's end is read for what was usual. */
const RECENT_BYTES = 1024 ** 2;

/** The newest requests, as far as they came after `since` (milliseconds since 1970). */
export function readRecent(home: Home, since: number): LogEntry[] {
  const end = logPosition(home);
  // a line that the position cuts is no JSON, and is left out
  const from = { ...end, offset: Math.max(0, end.offset - RECENT_BYTES) };
  return readRequests(home, from).requests.filter(({ at }) => at >= since);
}

/** One line of the log; null for one that is not ours or was cut off by a full disk. */
export function parseLine(line: string): LogEntry | null {
  const raw = parseJson(line);
  if (raw === null) return null;
  const text = (key: string): string => (typeof raw[key] === 'string' ? raw[key] : '');
  const kind = text('kind');
  return {
    at: milliseconds(text('time')),
    kind: OTHERS.find((other) => other === kind) ?? 'app',
    method: text('method'),
    uri: text('uri'),
    status: Number(text('status')),
    slot: text('slot') || null,
    table: path.basename(text('table')),
    maintenance: text('uri') === MAINTENANCE_PAGE && Number(text('status')) === 503,
    upstreams: hops(text('upstream')),
    upstreamStatuses: hops(text('upstream_status')).map((status) => (status === '-' ? null : Number(status))),
    upstreamMs: hops(text('response_time')).map((time) => (time === '-' ? null : milliseconds(time))),
    ms: milliseconds(text('request_time')),
    id: text('id'),
    cohort: text('cohort'),
    returning: text('cohort') !== '' && text('cohort') !== text('id'),
    goal: text('goal'),
  };
}

/**
 * Counts users' requests. A 5xx is a failure, whoever said it. A client that left before its answer (499) has
 * not been failed: people close pages.
 */
export function countRequests(entries: LogEntry[]): RequestCounts {
  const users = entries.filter((entry) => entry.kind === 'app');
  return {
    served: users.length,
    failed: users.filter((entry) => entry.status >= 500 && !entry.maintenance).length,
    turnedAway: users.filter((entry) => entry.maintenance).length,
    slots: countBySlot(users),
  };
}

/**
 * True when the slot itself has failed: by the *first* upstream's answer, because the way behind a slot turns a crashed
 * slot's failure into another slot's success, and would hide exactly the release that is being watched. nginx writes
 * 502 or 504 for a slot that could not be reached. Null when it says nothing about the slot: nginx has answered alone,
 * or the client has left before there was an answer.
 */
export function hasSlotFailed({ slot, status, upstreamStatuses }: LogEntry): boolean | null {
  const [first] = upstreamStatuses;
  if (slot === null || first === undefined) return null;
  if (first === null) return status === CLIENT_LEFT ? null : true;
  return first >= 500;
}

/** Requests that nginx answered alone say nothing about a slot. */
function countBySlot(entries: LogEntry[]): SlotCounts[] {
  const counts = new Map<SlotName, SlotCounts>();
  for (const entry of entries) {
    const { slot, upstreamStatuses } = entry;
    if (slot === null || upstreamStatuses.length === 0) continue;
    const count = counts.get(slot) ?? { slot, requests: 0, errors: 0 };
    count.requests += 1;
    if (hasSlotFailed(entry)) count.errors += 1;
    counts.set(slot, count);
  }
  return [...counts.values()];
}

function parseJson(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** nginx writes seconds with three decimals. */
function milliseconds(seconds: string): number {
  return Math.round(Number(seconds) * 1000);
}

/** nginx separates the servers it asked by commas, and groups of them by colons. */
function hops(list: string): string[] {
  return list === '' ? [] : list.split(/, | : /);
}
