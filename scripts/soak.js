#!/usr/bin/env node
// @ts-check
/**
 * `npm run soak`: kills deployments of every strategy between every two of their steps, and cuts the power at each
 * phase, under load, in throw-away clones, and checks that the right release serves with nothing left behind. Exit
 * code 1 when one did not. `npm run soak -- --only rolling --rounds 3 --runtime compose`.
 */
'use strict';
const { fork } = require('child_process');
const path = require('path');
const { attended } = require('./demo/attended');
const { ensureBuilt } = require('./lib/build');
const { end, KnownFailure } = require('./lib/known');
const { checkMachine } = require('./lib/machine');
const { ensureNginx } = require('./lib/nginx');
const { ensurePackages } = require('./lib/packages');

const ROOT = path.resolve(__dirname, '..');
const PART = path.join(__dirname, 'soak', 'part.js');
const HINT =
  'npm run soak -- [--only rolling/2,cuts] [--parallel 2] [--rounds 1] [--seed 1] [--runtime compose]';

/**
 * @typedef {import('../test/soak/tasks').Task} Task
 * @typedef {import('../test/soak/report').Row} Row
 * @typedef {{ runtime: 'pm2' | 'compose', rounds: number, seed: number, parallel: number, only: string[] }} Options
 */

async function main() {
  checkMachine(ROOT);
  const options = parse(process.argv.slice(2));
  await ensureNginx();
  await ensurePackages(ROOT);
  await ensureBuilt(ROOT, 'deploy', 'Switchyard');
  // the clone and its app are those of the tests
  require('../tools/load-typescript');
  const { nameOf, tasksFor } = require('../test/soak/tasks');
  const { tableOf } = require('../test/soak/report');
  const tasks = tasksFor(options.only);
  if (tasks === null) throw new KnownFailure('E_USAGE', `No part is named "${options.only}".`, HINT);

  const begun = Date.now();
  /** @type {Row[]} */
  const rows = [];
  /** @type {Set<string>} */
  const undone = new Set(tasks.map(nameOf));
  /** @type {Set<import('child_process').ChildProcess>} */
  const children = new Set();
  let notWell = 0;
  const show = () => {
    const order = tasks.map(nameOf);
    rows.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
    for (const line of tableOf(rows, Date.now() - begun)) console.log(line);
    if (undone.size > 0) console.log(`Not run to the end: npm run soak -- --only ${[...undone].join(',')}`);
  };

  await attended({
    name: 'the soak',
    work: async (isOver) => {
      await inLanes(options.parallel, tasks, async (task) => {
        if (isOver()) return;
        /** @type {Row} */
        const row = { name: nameOf(task), ms: 0, outcomes: [] };
        rows.push(row);
        const started = Date.now();
        const child = fork(PART, [JSON.stringify({ task, ...options })], { cwd: ROOT });
        children.add(child);
        child.on('message', (outcome) =>
          row.outcomes.push(/** @type {import('../test/soak/kill-outcome').Outcome} */ (outcome)),
        );
        const code = await new Promise((resolve) => child.once('exit', resolve));
        children.delete(child);
        row.ms = Date.now() - started;
        if (code === 0) undone.delete(row.name);
      });
      notWell = undone.size + rows.flatMap(({ outcomes }) => outcomes).filter(isBad).length;
    },
    giveUp: () => {
      console.log('\nThe kills at work are the last ones.');
      for (const child of children) child.kill('SIGINT');
    },
    tidy: async () => show(),
  });
  if (notWell > 0) process.exitCode = 1;
}

/** @param {import('../test/soak/kill-outcome').Outcome} outcome */
function isBad({ problems }) {
  return problems.length > 0;
}

/**
 * So many at the same time, in this order.
 * @template T
 * @param {number} lanes @param {T[]} tasks @param {(task: T) => Promise<void>} work
 */
async function inLanes(lanes, tasks, work) {
  const waiting = [...tasks];
  const lane = async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await work(task);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** @param {string[]} args @returns {Options} */
function parse(args) {
  const string = /** @type {const} */ ({ type: 'string' });
  const options = { only: string, parallel: string, rounds: string, seed: string, runtime: string };
  try {
    const {
      only = '',
      parallel = '2',
      rounds = '1',
      seed = '1',
      runtime = 'pm2',
    } = require('util').parseArgs({ args, options }).values;
    if (runtime !== 'pm2' && runtime !== 'compose') throw new Error(`There is no runtime "${runtime}".`);
    return {
      runtime,
      parallel: numberOf(parallel),
      rounds: numberOf(rounds),
      seed: numberOf(seed),
      only: only.split(',').filter(Boolean),
    };
  } catch (error) {
    throw new KnownFailure('E_USAGE', /** @type {Error} */ (error).message, HINT);
  }
}

/** @param {string} text */
function numberOf(text) {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`"${text}" is not a number from 1 up.`);
  return Number(text);
}

main().catch(end);
