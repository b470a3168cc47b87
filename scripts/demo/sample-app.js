// @ts-check
'use strict';
const fs = require('fs');
const path = require('path');
const { KnownFailure } = require('../lib/known');

/** Throws E_USAGE where a person has brought an app of their own. @param {string} root the clone @param {string} who changes it */
function mustHaveSampleApp(root, who) {
  if (fs.existsSync(path.join(root, 'app', 'page.ts'))) return;
  throw new KnownFailure(
    'E_USAGE',
    `${who} changes the sample app, and app/ is another one.`,
    'Run it in a fresh clone; yours goes live with npm start.',
  );
}

module.exports = { mustHaveSampleApp };
