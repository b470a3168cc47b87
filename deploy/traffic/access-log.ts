/**
 * Reads nginx's access log, the only record of every request, including those that never reached a slot.
 * nginx/site.conf.template describes the line format.
 */
import path from 'node:path';
import type { SlotName } from '../core/slot';
import type { Counts, Tally } from '../core/verdict';
import type { Home } from '../home/home';
import type { LogPosition } from './rotated-log';
import { endOfLog, readLog } from './rotated-log';

export type { LogPosition } from './rotated-log';

/**
 * The `uri` that nginx logs for the maintenance page, whatever path the client requested (nginx/site.conf.template).
 */
const MAINTENANCE_PAGE = '/switchyard-maintenance.html';
/** The kinds of requests that do not come from users. */
const OTHERS = ['preview', 'deploy', 'probe'] as const;
type Kind = 'app' | (typeof OTHERS)[number];

export interface LogEntry {
  /** When nginx sent the response, in milliseconds since 1970. */
  at: number;
  /** `app`: users; `preview`: testers; `deploy`: the deployer's pages; `probe`: Switchyard's own probes. */
  kind: Kind;
  method: string;
  /** The path without its query. */
  uri: string;
  /** The status that the client received. */
  status: number;
  /** The slot that the traffic table assigned; null if there was none. */
  slot: SlotName | null;
  /** The folder name of a table that splits users; empty while one slot serves everyone. */
  table: string;
  /** True if the client received the maintenance page. */
  maintenance: boolean;
  /** The upstream servers in the order nginx tried them: the slot, then its backup. */
  upstreams: string[];
  /** The status of each upstream; null if it did not respond, for example because the client disconnected first. */
  upstreamStatuses: (number | null)[];
  /** The response time of each upstream, in milliseconds; null if it could not be reached. */
  upstreamMs: (number | null)[];
  /** From the first byte of the request to the last byte of the response, in milliseconds. */
  ms: number;
  /** nginx's request id. */
  id: string;
  /** The user's cohort while the table is split, otherwise ''. */
  cohort: string;
  /** True if the client sent the cohort cookie back, so it is not a client that drops cookies. */
  returning: boolean;
  /** A group of client addresses, logged in place of the address; '' in a line of an older configuration. */
  client: string;
  /** The value of the app's X-Switchyard-Goal header, or ''. */
  goal: string;
  /** True for a response with server-sent events. */
  isEventStream: boolean;
}

export interface SlotCounts extends Counts {
  slot: SlotName;
}

export interface RequestCounts {
  served: number;
  /** Requests that failed for the client. */
  failed: number;
  /** Requests that received the maintenance page (503 with Retry-After). */
  turnedAway: number;
  /** Counts per slot. Failures that a slot's backup hid from the client count as errors here. */
  slots: SlotCounts[];
}

/** nginx's status code for a client that closed the connection before the response. */
const CLIENT_LEFT = 499;

/** The end of the log: reading from here returns only newer lines. */
export function logPosition(home: Home): LogPosition {
  return endOfLog(home.accessLog);
}

/** The requests since `from`, across rotations, and the position to continue from. */
export function readRequests(home: Home, from: LogPosition): { requests: LogEntry[]; position: LogPosition } {
  const { text, position } = readLog(home.accessLog, from);
  const requests = text
    .split('\n')
    .map(parseLine)
    .filter((entry) => entry !== null);
  return { requests, position };
}

/** How many bytes at the end of the log `readRecent` reads. */
const RECENT_BYTES = 1024 ** 2;

/** The newest requests since `since` (milliseconds since 1970), from the last RECENT_BYTES of the log. */
export function readRecent(home: Home, since: number): LogEntry[] {
  const end = logPosition(home);
  // the first line may be incomplete; it is then invalid JSON, and parseLine drops it
  const from = { ...end, offset: Math.max(0, end.offset - RECENT_BYTES) };
  return readRequests(home, from).requests.filter(({ at }) => at >= since);
}

/** Parses one line; null if it is not valid JSON, such as a line cut off by a full disk. */
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
    client: text('client'),
    goal: text('goal'),
    isEventStream: text('events') === '1',
  };
}

/**
 * Counts users' requests. Every 5xx is a failure, except the maintenance page. A client that disconnects before its
 * response (499) is not, because users close pages.
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
 * True if the slot itself failed, judged by the *first* upstream's status: the backup turns a crashed slot's failure
 * into another slot's success and would hide the fault of the watched release. nginx logs 502 or 504 for a slot that it
 * could not reach. Null if the request is not evidence about the slot: nginx answered alone, or the client disconnected
 * first.
 */
export function hasSlotFailed({ slot, status, upstreamStatuses }: LogEntry): boolean | null {
  const [first] = upstreamStatuses;
  if (slot === null || first === undefined) return null;
  if (first === null) return status === CLIENT_LEFT ? null : true;
  return first >= 500;
}

/** Skips requests that nginx answered alone, because they are not evidence about a slot. */
function countBySlot(entries: LogEntry[]): SlotCounts[] {
  const counts = new Map<SlotName, SlotCounts & { clients: Map<string, Tally> }>();
  for (const entry of entries) {
    const { slot, upstreamStatuses } = entry;
    if (slot === null || upstreamStatuses.length === 0) continue;
    const count = counts.get(slot) ?? { slot, requests: 0, errors: 0, clients: new Map<string, Tally>() };
    const ofClient = count.clients.get(entry.client) ?? { requests: 0, errors: 0 };
    for (const each of [count, ofClient]) {
      each.requests += 1;
      if (hasSlotFailed(entry)) each.errors += 1;
    }
    count.clients.set(entry.client, ofClient);
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

/** nginx logs seconds with three decimals. */
function milliseconds(seconds: string): number {
  return Math.round(Number(seconds) * 1000);
}

/** nginx separates upstream servers by commas and groups of servers by colons. */
function hops(list: string): string[] {
  return list === '' ? [] : list.split(/, | : /);
}
