#!/usr/bin/env node
// @ts-check
/**
 * `npm run pm2 -- list`: PM2's command line, for the PM2 in this clone's home and not the user's own.
 * `npm run pm2 -- help` prints PM2's own help.
 */
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { end, KnownFailure } = require('./lib/known');
const { printUsage } = require('./lib/usage');

const ROOT = path.resolve(__dirname, '..');
const PM2 = path.join(ROOT, 'node_modules', 'pm2', 'bin', 'pm2');
/** The terminal's variables, besides those that PM2's daemon gets. */
const TERMINAL = ['TERM', 'COLORTERM', 'COLUMNS', 'FORCE_COLOR', 'NO_COLOR'];

function main() {
  if (process.argv[2] === '--help') return printUsage(__filename);
  const { home, environment } = ofThisClone();
  if (!fs.existsSync(home.pm2)) throw notStarted(`there is no PM2 in ${home.dir}`);
  const pm2 = spawn(process.execPath, [PM2, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: environment,
  });
  // Ctrl-C also reaches PM2, which decides what to do
  process.on('SIGINT', () => {});
  pm2.on('error', end);
  pm2.on('exit', (code, signal) => {
    process.exitCode = signal ? 128 + os.constants.signals[signal] : (code ?? 1);
  });
}

/** The home of this clone, and an environment of listed variables: PM2 passes its own on to the apps it starts. */
function ofThisClone() {
  const { resolveHome } = built(path.join('home', 'home.js'));
  const { pm2Environment } = built(path.join('runtimes', 'pm2', 'definitions.js'));
  const home = resolveHome(ROOT, process.env);
  const environment = { ...pm2Environment(home, process.env), SWITCHYARD_HOME: home.dir };
  for (const name of TERMINAL) if (process.env[name] !== undefined) environment[name] = process.env[name];
  return { home, environment };
}

/** @param {string} file below dist/deploy */
function built(file) {
  const found = path.join(ROOT, 'dist', 'deploy', file);
  if (!fs.existsSync(found) || !fs.existsSync(PM2)) throw notStarted('nothing is built');
  return require(found);
}

/** @param {string} why */
function notStarted(why) {
  return new KnownFailure(
    'E_NOT_STARTED',
    `Switchyard was not started here yet: ${why}.`,
    'Start it: npm start',
  );
}

try {
  main();
} catch (error) {
  end(error);
}
