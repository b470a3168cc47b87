// @ts-check
'use strict';

/** @param {string} kind @param {number} x @param {number} y @param {string} words */
function text(kind, x, y, words) {
  const safe = words.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<text class="${kind}" x="${x}" y="${y}">${safe}</text>`;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}

module.exports = { round, text };
