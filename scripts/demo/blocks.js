// @ts-check
/**
 * Pure: block elements and lines as shapes. A font draws them with gaps, and another one at another width; a good
 * terminal draws them itself.
 */
'use strict';

const LEVELS = '▁▂▃▄▅▆▇█';
const LINE = '━';
const LINE_HEIGHT = 0.14;

/** @param {string} text */
function isBlocks(text) {
  return text.trim() !== '' && [...text].every((character) => `${LEVELS}${LINE} `.includes(character));
}

/**
 * The path's data. Neighbours of the same height are one shape.
 * @param {string} text
 * @param {{ x: number, y: number, width: number, height: number }} cell of the first character; y is its top
 */
function blocksPath(text, { x, y, width, height }) {
  const runs = [...text.matchAll(/([^ ])\1*/g)];
  return runs
    .map(({ 0: run, index }) => {
      const part = shape(run[0] || '');
      const left = x + index * width;
      const top = y + part.top * height;
      return `M${round(left)} ${round(top)}h${round(run.length * width)}v${round(part.height * height)}h${round(-run.length * width)}z`;
    })
    .join('');
}

/** Both as parts of a cell's height. @param {string} character */
function shape(character) {
  if (character === LINE) return { top: 0.5 - LINE_HEIGHT / 2, height: LINE_HEIGHT };
  const height = (LEVELS.indexOf(character) + 1) / LEVELS.length;
  return { top: 1 - height, height };
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 100) / 100;
}

module.exports = { isBlocks, blocksPath };
