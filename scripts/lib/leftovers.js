// @ts-check
/** Finds what a test run left on the machine: all its processes and files name the run's folder. */
'use strict';
const fs = require('fs');
const path = require('path');

const PATIENCE_MS = 3000;
const POLL_EVERY_MS = 50;
/** The maximum number of files that are named for a folder. */
const MOST_NAMED = 8;
/** Node's own cache. */
const NOT_OURS = ['node-compile-cache'];

/**
 * The run's processes, after a wait for those that are about to exit.
 * @param {string} folder the run's own folder
 * @param {number} [patience] milliseconds
 * @returns {Promise<{ pid: number, command: string }[]>}
 */
async function processesLeft(folder, patience = PATIENCE_MS) {
  const deadline = Date.now() + patience;
  let left = processesOf(folder);
  while (left.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
    left = processesOf(folder);
  }
  return left;
}

/** The names of the files left in the run's folder. @param {string} folder */
function filesLeft(folder) {
  return fs.readdirSync(folder).filter((name) => !NOT_OURS.includes(name));
}

/** A name with the first files in it, which show what created them. @param {string} folder @param {string} name */
function withContent(folder, name) {
  const file = path.join(folder, name);
  if (!fs.statSync(file).isDirectory()) return name;
  const inside = fs.readdirSync(file, { recursive: true }).map(String);
  return `${name} with ${inside.slice(0, MOST_NAMED).join(', ') || 'nothing in it'}`;
}

/** A process belongs to the run when its environment, its arguments or its folder name it. @param {string} folder */
function processesOf(folder) {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) =>
      [read(pid, 'environ'), read(pid, 'cmdline'), cwd(pid)].some((text) => text.includes(folder)),
    )
    .map((pid) => ({ pid: Number(pid), command: read(pid, 'cmdline').split('\0').join(' ').trim() }));
}

/** Empty for exited processes and those of other users. @param {string} pid @param {string} file */
function read(pid, file) {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (_) {
    return '';
  }
}

/** @param {string} pid */
function cwd(pid) {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`);
  } catch (_) {
    return '';
  }
}

module.exports = { processesLeft, filesLeft, withContent };
