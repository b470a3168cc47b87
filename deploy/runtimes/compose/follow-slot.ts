/**
 * Follows the output of a slot over its containers. The engine is asked again and again, because its own stream ends with
 * each restart; and what a removed container wrote last is in the slot's log file.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isStartLine } from '../../core/failure-line';
import type { StampedLine } from './container-output';
import { stampedLines, stampOf } from './container-output';

const POLL_EVERY_MS = 300;
/** The lines by which the end of what was shown is found in the log file. */
const KNOWN_LINES = 20;
/** The longest output that is searched. */
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
  const first = since === undefined ? { tail: lines } : { after: stampOf(since) };
  const live = id === null ? [] : show(await stampedLines(id, first).catch(() => []));
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

/** What the last removed container wrote after the lines that were shown of it. @param kept the slot's log file */
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
