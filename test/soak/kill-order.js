// @ts-check
/**
 * Loaded into the deployment program of a throw-away clone. It kills its own process exactly between two steps, and
 * first cuts the power of a disk if the order says so. Orders are in a file beside it; an obeyed order is removed. The
 * product does not know this file.
 */
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
// beside it in the clone's dist/deploy
const { Journal } = require(path.join(__dirname, 'journal', 'journal.js'));

/** @typedef {import('./kill-orders').KillOrder} KillOrder */

const ORDERS = path.join(__dirname, 'kill-orders.json');
const KILLED = path.join(__dirname, 'killed.json');

const originalRecord = Journal.prototype.record;
let entries = 0;
let finished = 0;

/** @param {number | null} deployment @param {import('../../deploy/core/event').Entry} entry */
Journal.prototype.record = async function (deployment, entry) {
  if (entries === 0) setTimer();
  entries += 1;
  const isPhase = entry.type === 'phase';
  const isStep = isPhase && entry.step !== undefined;
  const isOver = isPhase && entry.status !== 'started';
  const isEnd = entry.type === 'live' || (isStep && isOver);
  if (isStep && finished === 0) obey((order) => 'after' in order && order.after === 0);
  if (isEnd) obey((order) => 'after' in order && order.after === finished + 1 && !order.recorded);
  await originalRecord.call(this, deployment, entry);
  if (isPhase && isOver) obey((order) => 'phase' in order && order.phase === entry.phase);
  if (!isEnd) return;
  finished += 1;
  obey((order) => 'after' in order && order.after === finished && order.recorded);
};

/** @param {(order: KillOrder) => boolean} isDue */
function obey(isDue) {
  const [first] = orders();
  if (!first || !isDue(first)) return;
  if ('laterMs' in first && first.laterMs) setTimeout(killThis, first.laterMs);
  else killThis();
}

function setTimer() {
  const [first] = orders();
  if (first && 'afterMs' in first) setTimeout(killThis, first.afterMs).unref();
}

/** Leaves the remaining orders for the next process. */
function killThis() {
  const [first, ...others] = orders();
  fs.writeFileSync(ORDERS, JSON.stringify(others));
  if (first?.cut) execFileSync(first.cut[0], first.cut.slice(1));
  fs.appendFileSync(KILLED, `${Date.now()}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** @returns {KillOrder[]} */
function orders() {
  return fs.existsSync(ORDERS) ? JSON.parse(fs.readFileSync(ORDERS, 'utf8')) : [];
}
