/**
 * Follows the output of a slot across its containers. Polls the engine, because the engine's own stream ends with each
 * restart. The last output of a removed container is in the slot's log file.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isStartLine } from '../../core/failure-line';
import type { StampedLine } from './container-output';
import { stampedLines, stampOf } from './container-output';

const POLL_EVERY_MS = 300;
/** The number of lines by which the end of the shown output is found in the log file. */
const KNOWN_LINES = 20;
/** The longest output to search. */
const MOST_LINES = 5000;

export interface SlotOutput {
  /** The slot's container, or null. Throws E_ENGINE. */
  container: () => Promise<string | null>;
  /** The last lines of the slot's log file, which has the output of earlier containers. */
  kept: (lines: number, since?: number) => Promise<string[]>;
}

/** Yields the last lines, then each group of new ones, until the signal. */
export async function* followSlot(
  { container, kept }: SlotOutput,
  lines: number,
  signal?: AbortSignal,
  since?: number,
): AsyncGenerator<string[]> {
  let shown: StampedLine[] = [];
  const show = (more: StampedLine[]): string[] => {
    shown = [...shown, ...more].slice(-KNOWN_LINES);
    return more.map(({ text }) => text);
  };
  let id = await container().catch(() => null);
  const read = async (from: { tail: number } | { after: string }): Promise<StampedLine[]> =>
    id === null ? [] : stampedLines(id, from).catch(() => []);
  // not printed, but the next lines are those below them
  if (since !== undefined) show((await read({ tail: KNOWN_LINES })).filter(({ at }) => at <= stampOf(since)));
  const live = show(await read(since === undefined ? { tail: lines } : { after: stampOf(since) }));
  yield [...(await kept(lines, since)), ...live].slice(-lines);
  while (signal?.aborted !== true) {
    await sleep(POLL_EVERY_MS);
    try {
      const now = await container();
      if (id !== null && now !== id) yield unseen(await kept(MOST_LINES), shown);
      if (now !== null && now !== id) {
        shown = [];
        yield (await kept(1)).filter(isStartLine);
      }
      id = now;
      const last = shown.at(-1);
      if (id !== null)
        yield show(await stampedLines(id, last === undefined ? { tail: MOST_LINES } : { after: last.at }));
    } catch {
      // the engine does not answer at the moment
    }
  }
}

/** The last removed container's output after its lines that were already shown. @param kept the slot's log file */
function unseen(kept: string[], shown: StampedLine[]): string[] {
  const isNextStarted = isStartLine(kept.at(-1) ?? '');
  const ended = isNextStarted ? kept.slice(0, -1) : kept;
  const own = ended.slice(ended.findLastIndex(isStartLine) + 1);
  const known = shown.map(({ text }) => text).slice(-own.length);
  if (known.length === 0) return own;
  for (let end = own.length; end >= known.length; end--)
    if (known.every((text, at) => own[end - known.length + at] === text)) return own.slice(end);
  return own;
}
