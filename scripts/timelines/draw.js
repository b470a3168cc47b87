// @ts-check
/**
 * Pure: a strategy over time as a picture. Time goes from left to right in columns; a lane is a slot, or what the users
 * get.
 *
 * @typedef {'en' | 'ko'} Language
 * @typedef {string | { en: string, ko: string }} Words
 * @typedef {'blue' | 'green' | 'amber' | 'violet'} Slot
 *
 * Where something begins and ends is counted in columns: 1 is where the second one begins, 1.5 its middle.
 * @typedef {{ from: number, to: number, words?: Words }} Span
 * `serves`: users reach it; `next`: they do, and it is the new version, where the colour does not say so; `waits`: it
 * runs, and no user reaches it.
 * @typedef {Span & { serves: Slot } | Span & { next: Slot } | Span & { waits: Slot } | Span & { empty: true }
 *   | Span & { down: true }} Bar
 * Slots that serve side by side, from above, each with its share in per cent.
 * @typedef {Span & { parts: { slot: Slot, share: number, next?: boolean }[] }} Divided
 * @typedef {{ name: Words, bars: (Bar | Divided)[] }} Lane
 * @typedef {{
 *   name: string, title: Words, describes: Words, key?: Words,
 *   columns: { width: number, step: Words, note: Words, aws: Words[] }[],
 *   moment?: { at: number, words: Words },
 *   lanes: Lane[],
 *   back: { from: number, to: number, words: Words },
 * }} Picture
 */
'use strict';
const { drawLane } = require('./bars');
const { STYLE } = require('./style');
const { round, text } = require('./text');

const WIDTH = 960;
const MARGIN = 30;
const LEFT = 110;
const TOP = 126;
const LANE = 52;
const WORDS_OF_USERS = { en: 'users get', ko: '사용자' };

/** @param {Picture} picture @param {Language} language @returns {string} */
function draw(picture, language) {
  /** @param {Words} words */
  const say = (words) => (typeof words === 'string' ? words : words[language]);
  const edges = edgesOf(picture);
  /** @param {number} column */
  const x = (column) => {
    const [whole, part] = [Math.floor(column), column % 1];
    const left = /** @type {number} */ (edges[whole]);
    return round(left + part * ((edges[whole + 1] ?? left) - left));
  };
  const bottom = TOP + picture.lanes.length * LANE;
  const height = bottom + 142;
  const pen = { say, x, bottom };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${say(picture.describes)}</title>`,
    STYLE,
    `<rect class="card" x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>`,
    text('title', MARGIN, 40, say(picture.title)),
    ...(picture.key ? [text('key', WIDTH - MARGIN, 40, say(picture.key))] : []),
    ...columns(picture, edges, pen),
    ...picture.lanes.flatMap((lane, row) => drawLane(lane, { left: MARGIN, y: TOP + row * LANE }, pen)),
    ...moment(picture, pen),
    ...wayBack(picture, pen),
    ...aws(picture, edges, pen),
    '</svg>\n',
  ].join('\n');
}

/** @typedef {{ say: (words: Words) => string, x: (column: number) => number, bottom: number }} Pen */

/** Where each column begins, and the last one ends. @param {Picture} picture */
function edgesOf({ columns }) {
  let edge = LEFT;
  return [edge, ...columns.map(({ width }) => (edge += width))];
}

/** @param {Picture} picture @param {number[]} edges @param {Pen} pen */
function columns({ columns: all }, edges, { say, x, bottom }) {
  return [
    `<path class="line" d="${edges.map((edge) => `M${edge} 72V${bottom + 14}`).join('')}"/>`,
    ...all.flatMap(({ step, note }, index) => [
      text('step', x(index + 0.5), 88, say(step)),
      text('note', x(index + 0.5), 106, say(note)),
    ]),
  ];
}

/** @param {Picture} picture @param {Pen} pen */
function moment({ moment: what }, { say, x, bottom }) {
  if (!what) return [];
  return [
    `<path class="moment" d="M${x(what.at)} 60V${bottom}"/>`,
    text('step', x(what.at), 52, say(what.words)),
  ];
}

/** @param {Picture} picture @param {Pen} pen */
function wayBack({ back }, { say, x, bottom }) {
  const [from, to] = [x(back.from) - 2, x(back.to)];
  const line = `M${from} ${bottom + 2}v10a6 6 0 0 1-6 6H${to + 6}a6 6 0 0 1-6-6v-24`;
  const middle = Math.min(Math.max((from + to) / 2, 320), 620);
  return [
    `<path class="back" marker-end="url(#tip)" d="${line}"/>`,
    text('bad', round(middle), bottom + 38, say(back.words)),
  ];
}

/** @param {Picture} picture @param {number[]} edges @param {Pen} pen */
function aws({ columns: all }, edges, { say, x, bottom }) {
  const y = bottom + 74;
  return [
    `<path class="line" d="M${MARGIN} ${y}H${edges[edges.length - 1]}"/>`,
    text('row', MARGIN, y + 30, 'AWS'),
    ...all.flatMap((column, index) =>
      column.aws.map((line, row) =>
        text('aws', x(index + 0.5), y + 30 + 16 * (row - (column.aws.length - 1) / 2), say(line)),
      ),
    ),
  ];
}

module.exports = { draw, WORDS_OF_USERS };
