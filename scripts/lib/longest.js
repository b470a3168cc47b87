// @ts-check
'use strict';

/** Files that take a minute and more, the longest first. */
const LONGEST = [
  'e2e/under-load',
  'e2e/first-light',
  'timed/recovery',
  'e2e/failures',
  'e2e/hold',
  'e2e/canary',
  'e2e/strategies',
  'e2e/env',
  'e2e/stop',
  'e2e/own-app',
  'e2e/demo-and-tour',
  'timed/outages',
  'timed/power-loss',
];

module.exports = { LONGEST };
