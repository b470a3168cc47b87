/**
 * How long after a rename a request still reaches the previous slot, by the times in nginx's log. The log truncates
 * times to whole milliseconds, and nginx's clock does not advance within a batch of events. A request may therefore
 * have arrived later than logged, but not after its response.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readRequests, type LogEntry } from '../../../deploy/traffic/access-log';
import { tableFront } from '../fronts';
import { startLoad } from '../load';
import type { Bench, Upstream } from '../types';
import { REQUESTS, startUpstreams } from './upstreams';

const PAUSE_MS = 30;
const CUT_OFF_MS = 1;
const ALLOWED_MS = 2;
const LOGGED_WITHIN_MS = 300;

export interface OldSlotResult {
  shifts: number;
  requests: number;
  failed: number;
  late: number;
  latestMs: number;
}

/** The rename happened between the two times. A request that arrived between them may reach either slot. */
interface Rename {
  /** In milliseconds since 1970, like the next. */
  began: number;
  done: number;
  /** The previous slot. */
  from: Upstream;
}

export async function oldSlot({ quick, log }: Bench): Promise<OldSlotResult> {
  const shifts = quick ? 20 : 500;
  const front = await tableFront(await startUpstreams());
  const load = startLoad({ port: front.port, requests: REQUESTS });
  const renames: Rename[] = [];
  log(`${shifts} shifts under load`);
  const { failed } = await load.during(async () => {
    for (let count = 0; count < shifts; count++) {
      const from = count % 2 === 0 ? 'blue' : 'green';
      const began = now();
      await front.switchTo(from === 'blue' ? 'green' : 'blue');
      renames.push({ began, done: now(), from });
      await sleep(PAUSE_MS);
    }
  });
  await load.stop();
  await sleep(LOGGED_WITHIN_MS);
  const { requests } = readRequests(front.home, { inode: 0, offset: 0 });
  await front.stop();
  return { shifts, requests: requests.length, failed, ...lateness(requests, renames) };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

/** @param renames oldest first */
export function lateness(
  requests: Pick<LogEntry, 'at' | 'ms' | 'slot' | 'kind'>[],
  renames: Rename[],
): { late: number; latestMs: number } {
  let late = 0;
  let latestMs = 0;
  for (const { at, ms, slot, kind } of requests) {
    if (kind !== 'app') continue;
    const received = at - ms;
    const index = lastBefore(renames, received);
    const [last, next] = [renames[index], renames[index + 1]];
    if (!last || slot !== last.from) continue;
    // the next rename made that slot the right one again before the response
    if (next && next.began <= at + CUT_OFF_MS) continue;
    if (received < last.done) continue;
    const afterMs = received + CUT_OFF_MS - last.done;
    latestMs = Math.max(latestMs, afterMs);
    if (afterMs > ALLOWED_MS) late += 1;
  }
  return { late, latestMs };
}

/** The index of the last rename that had started. */
function lastBefore(renames: Rename[], time: number): number {
  let low = 0;
  let high = renames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((renames[middle]?.began ?? Infinity) <= time + CUT_OFF_MS) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
