// @ts-check
/**
 * Pure: answers, as users got them, counted slice by slice of time: how many from which slot, of which version.
 *
 * @typedef {'old' | 'new'} Version
 * @typedef {object} Answer
 * @property {number} at when it was there, in milliseconds since the tour began
 * @property {number} user who asked
 * @property {'ok' | 'turned away' | 'failed'} outcome turned away is the maintenance page: 503 with Retry-After
 * @property {string | null} slot
 * @property {Version | null} version
 *
 * @typedef {object} Slice
 * @property {Record<string, { old: number, new: number }>} slots answers by slot; a slot without any is not there
 * @property {number} old
 * @property {number} new
 * @property {number} turnedAway
 * @property {number} failed
 */
'use strict';

/** A slice of fewer answers says nothing. */
const ENOUGH = 8;

/**
 * One slice for each column. Where few answers came, several columns show the same slice.
 * @param {Answer[]} answers
 * @param {{ from: number, to: number }} time milliseconds since the tour began
 * @param {number} columns
 * @returns {Slice[]}
 */
function slicesOf(answers, { from, to }, columns) {
  const within = answers.filter(({ at }) => at >= from && at < to);
  const size = Math.min(columns, Math.max(1, Math.floor(within.length / ENOUGH)));
  const slices = Array.from({ length: size }, emptySlice);
  for (const answer of within) {
    const slice = slices[Math.floor(((answer.at - from) / (to - from)) * size)];
    if (slice) count(slice, answer);
  }
  return Array.from({ length: columns }, (_, column) => slices[Math.floor((column / columns) * size)]).filter(
    (slice) => slice !== undefined,
  );
}

/** @returns {Slice} */
function emptySlice() {
  return { slots: {}, old: 0, new: 0, turnedAway: 0, failed: 0 };
}

/** @param {Slice} slice @param {Answer} answer */
function count(slice, { outcome, slot, version }) {
  if (outcome === 'failed') slice.failed += 1;
  else if (outcome === 'turned away') slice.turnedAway += 1;
  else if (slot && version) {
    const ofSlot = (slice.slots[slot] ??= { old: 0, new: 0 });
    ofSlot[version] += 1;
    slice[version] += 1;
  }
}

module.exports = { slicesOf };
