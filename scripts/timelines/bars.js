// @ts-check
/**
 * Pure: a lane with its bars.
 *
 * @typedef {import('./draw').Lane} Lane
 * @typedef {import('./draw').Bar} Bar
 * @typedef {import('./draw').Divided} Divided
 * @typedef {import('./draw').Pen} Pen
 */
'use strict';
const { round, text } = require('./text');

const HEIGHT = 36;

/** @param {Lane} lane @param {{ left: number, y: number }} at @param {Pen} pen */
function drawLane({ name, bars }, { left, y }, { say, x }) {
  return [
    text('row', left, y + 23, say(name)),
    ...bars.flatMap((bar) => {
      const [start, end] = [x(bar.from) + 1, x(bar.to) - 1];
      const place = { left: start, width: round(end - start), y };
      const words = bar.words ? [text(textKind(bar), round((start + end) / 2), y + 23, say(bar.words))] : [];
      return [...('parts' in bar ? stacked(bar, place) : [single(bar, place)]), ...words];
    }),
  ];
}

/** @param {Bar | Divided} bar */
function textKind(bar) {
  if ('empty' in bar) return 'note';
  if ('parts' in bar || 'next' in bar) return 'bar over';
  return 'waits' in bar ? 'waits' : 'bar';
}

/** @typedef {{ left: number, width: number, y: number }} Place */

/** @param {Bar} bar @param {Place} place */
function single(bar, place) {
  if ('empty' in bar) return rect('empty', place);
  if ('down' in bar) return rect('down', place);
  if ('waits' in bar) return rect(`pale${bar.waits}`, place);
  return 'next' in bar ? rect(bar.next, place) + stripes(place) : rect(bar.serves, place);
}

/** One upon the other, without rounding away what is small. @param {Divided} bar @param {Place} place */
function stacked({ parts }, { left, width, y }) {
  let top = y;
  return parts.map(({ slot, share, next }) => {
    const place = { left, width, y: round(top), height: round((HEIGHT * share) / 100), radius: 0 };
    top += (HEIGHT * share) / 100;
    return rect(slot, place) + (next ? stripes(place) : '');
  });
}

/** @param {string} kind @param {Place & { height?: number, radius?: number }} place */
function rect(kind, { left, width, y, height = HEIGHT, radius = 4 }) {
  return `<rect class="${kind}" x="${left}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;
}

/** @param {Place & { height?: number, radius?: number }} place */
function stripes({ left, width, y, height = HEIGHT, radius = 4 }) {
  return `<rect fill="url(#stripes)" x="${left}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;
}

module.exports = { drawLane };
