// @ts-check
/** Pure: the first push of a transcript as a moving picture, each line at the second in which it appeared. */
'use strict';
const { styled } = require('./colours');
const { svgOf } = require('./svg');

const COMMAND = '$ git push live main';
const UNIT_MS = { ms: 1, s: 1000 };
/** A step's line appears when the step has taken this long: `remote: ✓ test  4.3 s`. */
const STEP = /^remote: ✓ [a-z ]+?\s+([\d.]+) (ms|s)(?:\s|$)/;
/** For the eye, before the first line appears. */
const TYPING_MS = 800;

/** @param {string[]} transcript @returns {string} */
function pushPicture(transcript) {
  const lines = pushIn(transcript);
  return svgOf(lines.map(styled), { title: 'git push live main', startsMs: startsOf(lines) });
}

/** @param {string[]} transcript */
function pushIn(transcript) {
  const first = transcript.indexOf(COMMAND);
  const next = transcript.findIndex((line, index) => index > first && line.startsWith('$ '));
  return transcript.slice(first, next);
}

/** @param {string[]} lines @returns {number[]} */
function startsOf(lines) {
  let now = TYPING_MS;
  return lines.map((line, index) => {
    if (index === 0) return 0;
    const [, amount, unit] = STEP.exec(line) || [];
    if (amount) now += Number(amount) * UNIT_MS[/** @type {'ms' | 's'} */ (unit)];
    return Math.round(now);
  });
}

module.exports = { pushPicture };
