#!/usr/bin/env node
// @ts-check
/**
 * `npm start`: installs what is missing, then starts nginx and the deployer. The first time, HEAD goes live; later, the
 * release that was live before. While it runs, it applies changed settings without losing a request.
 *
 *     npm start
 *     HTTP_PORT=8000 RUNTIME=compose npm start     docs/configuration.md lists every variable
 *     npm -s start -- --json                       prints one JSON document, and the progress to standard error
 */
// Runs before any npm package is installed, and parses on an old Node version, so that the user gets a clear error.
'use strict';
const path = require('path');
const { ensureBuilt } = require('./lib/build');
const { becomeCli, cliOf } = require('./lib/cli');
const { end, KnownFailure } = require('./lib/known');
const { checkMachine } = require('./lib/machine');
const { ensureNginx } = require('./lib/nginx');
const { checkPackages, ensurePackages } = require('./lib/packages');
const { asksForHelp, printUsage } = require('./lib/usage');

const ROOT = path.resolve(__dirname, '..');

async function start() {
  if (asksForHelp(process.argv)) return printUsage(__filename);
  if (process.env.SWITCHYARD_CHECK) return check();
  checkMachine(ROOT);
  // the quick check comes before the long work, so that a user without root gets the hint immediately
  await ensureNginx();
  await ensurePackages(ROOT);
  await ensureBuilt(ROOT, 'deploy', 'Switchyard');
  const cli = cliOf(ROOT);
  if (!cli)
    throw new KnownFailure('E_INTERNAL', 'dist/deploy/cli.js was not built.', 'This is a bug in Switchyard.');
  becomeCli(cli, ['start', ...process.argv.slice(2)]);
}

/** Checks whether npm start could work here, and prints the result as JSON. Changes nothing. */
function check() {
  process.argv.push('--json');
  checkMachine(ROOT);
  checkPackages(ROOT);
  const cli = cliOf(ROOT);
  if (!cli)
    throw new KnownFailure('E_NOT_STARTED', 'Switchyard was not started here yet.', 'Start it: npm start');
  becomeCli(cli, ['start', '--check']);
}

start().catch(end);
