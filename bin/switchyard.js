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
  const cli = cliOf(path.resolve(__dirname, '..'));
  if (!cli)
    throw new KnownFailure('E_NOT_STARTED', 'Switchyard was not started here yet.', 'Start it: npm start');
  checkPackages(path.resolve(__dirname, '..'));
  keepCompiled(cli);
  becomeCli(cli, process.argv.slice(2));
} catch (error) {
  end(error);
}
