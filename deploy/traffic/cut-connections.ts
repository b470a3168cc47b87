/** Counts the connections that were cut when a slot's process stopped, by kind, from nginx's access log. */
import { plural } from '../core/format';
import type { Slot } from '../core/slot';
import type { Home } from '../home/home';
import { waitUntil } from '../os/wait-until';
import type { LogEntry, LogPosition } from './access-log';
import { readRequests } from './access-log';

const POLL_EVERY_MS = 20;
/** nginx logs a request as soon as its connection to the slot is closed, unless its client does not read. */
const LOGGED_WITHIN_MS = 1000;

type Cut = Pick<LogEntry, 'status' | 'isEventStream'>;

const KINDS: { noun: string; is: (cut: Cut) => boolean }[] = [
  { noun: 'WebSocket', is: ({ status }) => status === 101 },
  { noun: 'event stream', is: ({ isEventStream }) => isEventStream },
  { noun: 'download', is: ({ status }) => status < 400 },
  { noun: 'request', is: () => true },
];

/**
 * `2 WebSockets, 1 download`. A connection counts as a request if its response had not started.
 * @param many how many were cut. Those without a line in the log are downloads whose client is still reading the rest
 */
export function kindsOf(cut: Cut[], many: number): string {
  const logged = cut.map((each) => KINDS.find(({ is }) => is(each))?.noun);
  const kinds = [...logged, ...Array<string>(Math.max(0, many - cut.length)).fill('download')];
  return KINDS.map(({ noun }) => ({ noun, many: kinds.filter((kind) => kind === noun).length }))
    .filter(({ many }) => many > 0)
    .map(({ noun, many }) => plural(many, noun))
    .join(', ');
}

/** The kinds of the `many` connections of a slot that were cut since `from`. */
export async function cutSince(home: Home, slot: Slot, from: LogPosition, many: number): Promise<string> {
  const address = `127.0.0.1:${slot.port}`;
  let cut: LogEntry[] = [];
  const areLogged = (): boolean => {
    cut = readRequests(home, from).requests.filter(({ upstreams }) => upstreams.includes(address));
    return cut.length >= many;
  };
  await waitUntil(areLogged, { everyMs: POLL_EVERY_MS, withinMs: LOGGED_WITHIN_MS });
  return kindsOf(cut, many);
}
