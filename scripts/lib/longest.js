// @ts-check
'use strict';

/** Files that take a minute and more, the longest first. */
const LONGEST = [
  'e2e/failures',
  'e2e/first-light',
  'e2e/under-load',
  'e2e/demo-and-tour',
  'e2e/strategies',
  'e2e/canary',
  'e2e/stop',
  'e2e/env',
  'e2e/own-app',
  'e2e/hold',
  'e2e/doctor',
  'integration/modules',
  'timed/power-loss',
  'timed/recovery',
  'timed/outages',
  'timed/soak',
];

module.exports = { LONGEST };
