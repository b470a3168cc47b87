// @ts-check
/** Pure: a strategy's picture, as rows of spans: what it is, its lanes, when users got which version, what it cost. */
'use strict';
const { duration } = require('../lib/phase');
const { flow, sentence } = require('./fit');
const { busySlots, fullPart, lane, laneStyle, line } = require('./lanes');
const { AT_ONCE_MS, measure } = require('./measure');
const { megabytes } = require('./megabytes');
const { slicesOf } = require('./slices');

/**
 * @typedef {import('../demo/colours').Span} Span
 * @typedef {object} View a strategy as far as it has come
 * @property {import('./stages').Stage} stage
 * @property {string[]} typed the commands so far
 * @property {import('./slices').Answer[]} answers in order of their time
 * @property {import('./measure').Look[]} looks
 * @property {import('./measure').Marks} marks
 * @property {number} now milliseconds since the tour began
 */

const LABEL = 9;
/** Columns for how long it was. */
const LAST = 10;
/** What was before the first touch, to see the change by; and what a frame shows at least. Milliseconds. */
const LEAD_MS = 800;
const LEAST_MS = 6000;

/** @param {View} view @param {string[]} slots all of them, in order @param {number} width columns @returns {Span[][]} */
function frameOf(view, slots, width) {
  const { stage, typed, answers, marks, now } = view;
  const from = marks.begun - LEAD_MS;
  // while it grows it has a scale that does not change at once; in the end it fills the width
  const time = { from, to: marks.end ?? Math.max(now, from + LEAST_MS) };
  const room = width - LABEL;
  const slices = slicesOf(answers, time, room);
  const busy = busySlots(slices, slots);
  const full = fullPart(slices, busy);
  return [
    ...headingRows(stage, width),
    ...typed.map((command) => commandRow(command)),
    ...busy.map((slot) => [label(slot, laneStyle(slot, 'new')), ...lane(slices, slot, full)]),
    ...versionRows(slices),
    momentsRow(marks, time, room),
    ...costRows(measure(answers, view.looks, marks), width),
  ];
}

/** @param {import('./stages').Stage} stage @param {number} width @returns {Span[][]} */
function headingRows({ title, about }, width) {
  /** @type {Span} */
  const heading = { text: title, style: 'heading' };
  const [first = [], ...more] = sentence(about, 'quiet', width);
  const isOne = more.length === 0 && title.length + 2 + about.length <= width;
  return isOne ? [[heading, { text: '  ', style: 'plain' }, ...first]] : [[heading], first, ...more];
}

/** @param {import('./slices').Slice[]} slices @returns {Span[][]} */
function versionRows(slices) {
  /** @type {Span[][]} */
  const rows = [
    [label('old', 'quiet'), ...line(slices, 'old', 'quiet')],
    [label('new', 'typed'), ...line(slices, 'new', 'typed')],
  ];
  if (slices.some(({ turnedAway }) => turnedAway > 0))
    rows.push([label('503', 'warning'), ...line(slices, 'turnedAway', 'warning')]);
  if (slices.some(({ failed }) => failed > 0))
    rows.push([label('failed', 'bad'), ...line(slices, 'failed', 'bad')]);
  return rows;
}

/** Words below the moments that they name, one after the other where they are too close. @param {import('./measure').Marks} marks @param {{ from: number, to: number }} time @param {number} room @returns {Span[]} */
function momentsRow({ begun, live, wayBack }, time, room) {
  const moments = [
    { at: begun, word: 'begins' },
    { at: live, word: 'live' },
    { at: wayBack, word: 'rollback' },
  ];
  let text = '';
  for (const { at, word } of moments) {
    if (at === undefined) continue;
    const column = Math.floor(((at - time.from) / (time.to - time.from)) * room);
    const start = Math.min(column, room - word.length - LAST);
    text = `${text.padEnd(start)}${text.length > 0 && text.length >= start ? ' ' : ''}╵${word}`;
  }
  const length = duration(time.to - time.from);
  return [{ text: ' '.repeat(LABEL) + text.padEnd(room - length.length) + length, style: 'quiet' }];
}

/** @param {import('./measure').Measured} cost @param {number} width @returns {Span[][]} */
function costRows(cost, width) {
  const { asked, failed, turnedAway, downMs, bothMs, runningMost, memoryMost, servingLeast, backMs } = cost;
  const both = bothMs > AT_ONCE_MS ? `2 versions at once for ${duration(bothMs)}` : '1 version at once';
  const ran = `${count(runningMost, 'slot')} ran with ${megabytes(memoryMost)}`;
  /** @type {(Span | null)[]} */
  const parts = [
    { text: count(asked, 'request'), style: 'plain' },
    { text: `${failed} failed`, style: failed === 0 ? 'good' : 'bad' },
    turnedAway === 0
      ? null
      : { text: `${turnedAway.toLocaleString('en')} turned away in ${duration(downMs)}`, style: 'warning' },
    { text: both, style: 'plain' },
    { text: ran, style: 'plain' },
    { text: `never fewer than ${servingLeast} served`, style: 'plain' },
    backMs === null ? null : { text: `rolled back in ${duration(backMs)}`, style: 'plain' },
  ];
  const shown = parts.filter((part) => part !== null);
  return flow(shown, { width, between: { text: ' · ', style: 'quiet' }, indent: LABEL });
}

/** @param {number} number @param {string} noun */
function count(number, noun) {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

/** @param {string} text @returns {Span[]} */
function commandRow(text) {
  return [
    { text: '$ ', style: 'prompt' },
    { text, style: 'typed' },
  ];
}

/** @param {string} text @param {import('../demo/colours').Style} style @returns {Span} */
function label(text, style) {
  return { text: text.padEnd(LABEL), style };
}

module.exports = { frameOf };
