#!/usr/bin/env node
// @ts-check
/** The command `switchyard`. Quick: it starts nothing and builds nothing. */
'use strict';
const path = require('path');
const { becomeCli, cliOf, keepCompiled } = require('../scripts/lib/cli');
const { end, KnownFailure } = require('../scripts/lib/known');
const { checkNode } = require('../scripts/lib/machine');
const { checkPackages } = require('../scripts/lib/packages');

try {
  checkNode(process.version);
  const root = path.resolve(__dirname, '..');
  const args = process.argv.slice(2);
  const cli = cliOf(root);
  if (!cli && ['--version', '-V'].includes(args[0])) {
    console.log(require('../package.json').version);
  } else {
    if (!cli) {
      const hint = 'Start it: npm start. All commands: docs/cli.md';
      throw new KnownFailure('E_NOT_STARTED', 'Switchyard was not started here yet.', hint);
    }
    checkPackages(root);
    keepCompiled(cli);
    becomeCli(cli, args);
  }
} catch (error) {
  end(error);
}
