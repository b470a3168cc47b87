/** Draws slices as lanes. A slot's lane is as full as its share of the responses, and dim for the old version. Pure. */
import type { Span, Style } from '../lib/styles';
import type { SlotColour } from '../svg/page';
import { merged } from './rows';
import type { Slice, Version } from './slices';

const LEVELS = ' ▁▂▃▄▅▆▇';
const LINE = '━';
/** The quantile of a slot's share that fills a lane; a few unusual slices do not count. */
const ALMOST_ALL = 0.9;

/** The slots that answered at all, in the same order. */
export function busySlots(slices: Slice[], slots: SlotColour[]): SlotColour[] {
  return slots.filter((slot) => slices.some((slice) => slice.slots[slot]));
}

/** @param full the share that fills the lane */
export function slotLane(slices: Slice[], slot: SlotColour, full: number): Span[] {
  return merged(
    slices.map((slice) => {
      const { old = 0, new: updated = 0 } = slice.slots[slot] ?? {};
      const level = Math.ceil((shareOf(slice, slot) / full) * (LEVELS.length - 1) - 0.25);
      const least = old + updated > 0 ? 1 : 0;
      const text = LEVELS[Math.min(LEVELS.length - 1, Math.max(least, level))] ?? ' ';
      return { text, style: slotStyle(slot, updated >= old ? 'new' : 'old') };
    }),
  );
}

/** The share of the busiest slot: 1 where one slot serves all users, less where several share them. */
export function fullShare(slices: Slice[], slots: SlotColour[]): number {
  const shares = slices
    .filter((slice) => slice.old + slice.new > 0)
    .map((slice) => Math.max(...slots.map((slot) => shareOf(slice, slot))))
    .sort((a, b) => a - b);
  return shares[Math.floor((shares.length - 1) * ALMOST_ALL)] ?? 1;
}

/**
 * A line where users got a version, the maintenance page or a failure. A single empty slice between two others is
 * chance, because there are few users, and is drawn as well.
 */
export function presenceLine(slices: Slice[], what: Version | 'turnedAway' | 'failed', style: Style): Span[] {
  const isPresent = (index: number): boolean => (slices[index]?.[what] ?? 0) > 0;
  return merged(
    slices.map((_, index) => {
      const isDrawn = isPresent(index) || (isPresent(index - 1) && isPresent(index + 1));
      return { text: isDrawn ? LINE : ' ', style };
    }),
  );
}

export function slotStyle(slot: SlotColour, version: Version): Style {
  return version === 'old' ? `${slot}-old` : slot;
}

function shareOf(slice: Slice, slot: string): number {
  const { old = 0, new: updated = 0 } = slice.slots[slot] ?? {};
  return (old + updated) / Math.max(1, slice.old + slice.new);
}
