// @ts-check
/** Signs for lines that are printed before the kit is built; deploy/os/terminal.ts has the same signs for the kit. */
'use strict';

const { LC_ALL, LC_CTYPE, LANG } = process.env;
const locale = LC_ALL || LC_CTYPE || LANG || 'UTF-8';

module.exports = /utf-?8/i.test(locale)
  ? { done: '✓', failed: '✗', dots: '…' }
  : { done: '+', failed: 'x', dots: '...' };
