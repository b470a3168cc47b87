// @ts-check
/** Pure: slices as lanes. A slot's lane is as full as its part of the traffic, dim for the old version. */
'use strict';
const { joined } = require('./fit');

/**
 * @typedef {import('../demo/colours').Span} Span
 * @typedef {import('../demo/colours').Style} Style
 * @typedef {import('./slices').Slice} Slice
 * @typedef {import('./slices').Version} Version
 */

const LEVELS = ' ▁▂▃▄▅▆▇';
const LINE = '━';
/** What a lane's busiest moments are measured by: a few odd slices do not count. */
const ALMOST_ALL = 0.9;

/** The slots that answered anyone. @param {Slice[]} slices @param {string[]} slots all of them, in order @returns {string[]} */
function busySlots(slices, slots) {
  return slots.filter((slot) => slices.some((slice) => slice.slots[slot]));
}

/** @param {Slice[]} slices @param {string} slot @param {number} full the part of the traffic that fills a lane @returns {Span[]} */
function lane(slices, slot, full) {
  return joined(
    slices.map((slice) => {
      const { old = 0, new: fresh = 0 } = slice.slots[slot] ?? {};
      const level = Math.ceil((partOf(slice, slot) / full) * (LEVELS.length - 1) - 0.25);
      const text = LEVELS[clamp(level, old + fresh > 0 ? 1 : 0)] ?? ' ';
      return { text, style: laneStyle(slot, fresh >= old ? 'new' : 'old') };
    }),
  );
}

/** What the busiest slot gets of the traffic: 1 where one serves everybody, less where several always share it. @param {Slice[]} slices @param {string[]} slots */
function fullPart(slices, slots) {
  const most = slices
    .filter((slice) => slice.old + slice.new > 0)
    .map((slice) => Math.max(...slots.map((slot) => partOf(slice, slot))))
    .sort((a, b) => a - b);
  return most[Math.floor((most.length - 1) * ALMOST_ALL)] ?? 1;
}

/**
 * When users got it: a line for a version, or for the maintenance page. Between two slices in which somebody did, it
 * is chance that of a few users nobody asked in one.
 * @param {Slice[]} slices @param {Version | 'turnedAway' | 'failed'} what @param {Style} style @returns {Span[]}
 */
function line(slices, what, style) {
  /** @param {number} index */
  const isThere = (index) => (slices[index]?.[what] ?? 0) > 0;
  return joined(
    slices.map((_, index) => {
      const isDrawn = isThere(index) || (isThere(index - 1) && isThere(index + 1));
      return { text: isDrawn ? LINE : ' ', style };
    }),
  );
}

/** @param {string} slot @param {Version} version @returns {Style} */
function laneStyle(slot, version) {
  return /** @type {Style} */ (version === 'old' ? `${slot}-old` : slot);
}

/** @param {Slice} slice @param {string} slot */
function partOf(slice, slot) {
  const { old = 0, new: fresh = 0 } = slice.slots[slot] ?? {};
  return (old + fresh) / Math.max(1, slice.old + slice.new);
}

/** @param {number} level @param {number} least */
function clamp(level, least) {
  return Math.min(LEVELS.length - 1, Math.max(least, level));
}

module.exports = { busySlots, fullPart, lane, line, laneStyle };
