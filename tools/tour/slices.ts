/** Counts responses per slice of time, by slot and version. Pure. */

export type Version = 'old' | 'new';

export interface Answer {
  /** When it arrived, in milliseconds since the start of the tour. */
  at: number;
  user: number;
  /** Turned away: the maintenance page, 503 with Retry-After. */
  outcome: 'ok' | 'turned away' | 'failed';
  slot: string | null;
  version: Version | null;
}

/** Milliseconds since the start of the tour. */
export interface Period {
  from: number;
  to: number;
}

export interface Slice {
  /** Responses by slot; slots without any are absent. */
  slots: Record<string, Record<Version, number>>;
  old: number;
  new: number;
  turnedAway: number;
  failed: number;
}

/** A slice with fewer responses shows chance. */
const MIN_ANSWERS = 8;

/** One slice per column. Where there are few responses, several columns show the same slice. */
export function slicesOf(answers: Answer[], { from, to }: Period, columns: number): Slice[] {
  const within = answers.filter(({ at }) => at >= from && at < to);
  const size = Math.min(columns, Math.max(1, Math.floor(within.length / MIN_ANSWERS)));
  const slices = Array.from({ length: size }, emptySlice);
  for (const answer of within) {
    const slice = slices[Math.floor(((answer.at - from) / (to - from)) * size)];
    if (slice) count(slice, answer);
  }
  return Array.from({ length: columns }, (_, column) => slices[Math.floor((column / columns) * size)]).filter(
    (slice) => slice !== undefined,
  );
}

function emptySlice(): Slice {
  return { slots: {}, old: 0, new: 0, turnedAway: 0, failed: 0 };
}

function count(slice: Slice, { outcome, slot, version }: Answer): void {
  if (outcome === 'failed') slice.failed += 1;
  else if (outcome === 'turned away') slice.turnedAway += 1;
  else if (slot && version) {
    const ofSlot = (slice.slots[slot] ??= { old: 0, new: 0 });
    ofSlot[version] += 1;
    slice[version] += 1;
  }
}
