#!/usr/bin/env node
// @ts-check
/**
 * `npm run soak`: kills deployments of every strategy between every two of their steps, under load, in a throw-away
 * clone, and looks whether the right release serves within five seconds with nothing left behind. Exit code 1 when
 * one did not. `npm run soak -- --only rolling --rounds 3 --runtime compose`.
 */
'use strict';
const { attended } = require('./demo/attended');
const { ensureBuilt } = require('./lib/build');
const { end, KnownFailure } = require('./lib/known');
const { checkMachine } = require('./lib/machine');
const { ensureNginx } = require('./lib/nginx');
const { ensurePackages } = require('./lib/packages');
const path = require('path');

const ROOT = path.resolve(__dirname, '..');
const HINT = 'npm run soak -- [--only rolling] [--rounds 1] [--seed 1] [--runtime compose]';

async function main() {
  checkMachine(ROOT);
  const options = parse(process.argv.slice(2));
  await ensureNginx();
  await ensurePackages(ROOT);
  await ensureBuilt(ROOT, 'deploy', 'Switchyard');
  // the clone and its app are those of the tests
  require('../test/support/load-typescript');
  const { soak } = require('../test/soak/soak');
  const notWell = await attended({
    name: 'the soak',
    work: (isOver) => soak({ ...options, isOver, say: (/** @type {string} */ line) => console.log(line) }),
    giveUp: () => console.log('\nThe kill at work is the last one.'),
    tidy: async () => undefined,
  });
  if (notWell > 0) process.exitCode = 1;
}

/** @param {string[]} args @returns {{ runtime: 'pm2' | 'compose', rounds: number, seed: number, only?: string }} */
function parse(args) {
  const string = /** @type {const} */ ({ type: 'string' });
  const options = { only: string, rounds: string, seed: string, runtime: string };
  try {
    const {
      only,
      rounds = '1',
      seed = '1',
      runtime = 'pm2',
    } = require('util').parseArgs({ args, options }).values;
    if (runtime !== 'pm2' && runtime !== 'compose') throw new Error(`There is no runtime "${runtime}".`);
    return { runtime, rounds: numberOf(rounds), seed: numberOf(seed), only };
  } catch (error) {
    throw new KnownFailure('E_USAGE', /** @type {Error} */ (error).message, HINT);
  }
}

/** @param {string} text */
function numberOf(text) {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`"${text}" is no number from 1 up.`);
  return Number(text);
}

main().catch(end);
