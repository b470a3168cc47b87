// @ts-check
/**
 * Loaded into the deployment's program of a throw-away clone: it ends its own process by SIGKILL, exactly between two
 * steps. Which two stands in a file beside it, from which an order goes that was obeyed. The product knows nothing of it.
 */
'use strict';
const fs = require('fs');
const path = require('path');
// beside it in the clone's dist/deploy
const { Journal } = require(path.join(__dirname, 'journal', 'journal.js'));

/** @typedef {import('./killing').KillOrder} KillOrder */

const ORDERS = path.join(__dirname, 'kill-orders.json');
const KILLED = path.join(__dirname, 'killed.json');

const tell = Journal.prototype.tell;
let told = 0;
let ended = 0;

/** @param {number | null} deployment @param {import('../../deploy/core/types').Entry} entry */
Journal.prototype.tell = async function (deployment, entry) {
  if (told === 0) setTimer();
  told += 1;
  const isStep = entry.type === 'phase' && entry.step !== undefined;
  const isEnd = entry.type === 'live' || (isStep && entry.status !== 'started');
  if (isStep && ended === 0) obey({ after: 0, told: true });
  if (isEnd) obey({ after: ended + 1, told: false });
  await tell.call(this, deployment, entry);
  if (isEnd) obey({ after: (ended += 1), told: true });
};

/** @param {{ after: number, told: boolean }} here */
function obey(here) {
  const [first] = orders();
  if (first && 'after' in first && first.after === here.after && first.told === here.told) killThis();
}

function setTimer() {
  const [first] = orders();
  if (first && 'afterMs' in first) setTimeout(killThis, first.afterMs).unref();
}

/** The next order is for the process that comes after this one. */
function killThis() {
  fs.writeFileSync(ORDERS, JSON.stringify(orders().slice(1)));
  fs.appendFileSync(KILLED, `${Date.now()}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** @returns {KillOrder[]} */
function orders() {
  return fs.existsSync(ORDERS) ? JSON.parse(fs.readFileSync(ORDERS, 'utf8')) : [];
}
