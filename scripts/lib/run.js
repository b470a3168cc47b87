// @ts-check
/** Runs a program until it exits and keeps its last lines. Ctrl-C also stops the program. */
'use strict';
const { spawn } = require('child_process');
const signs = require('./signs');

const LINES_KEPT = 200;
/** @type {NodeJS.Signals[]} */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The user or the system stopped this process by a signal. This needs no explanation, only a clean exit. */
class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

/**
 * Resolves with the exit status (null if the program could not be started or was killed) and its last lines. Forwards
 * signals to the program, and rejects with Interrupted once the program has exited. A `whole` program gets its own
 * session, where Ctrl-C does not reach it: for use inside `uninterrupted`.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, whole?: boolean, show?: boolean }} [options]
 * @returns {Promise<{ status: number | null, lines: string[] }>}
 */
async function run(command, args, options) {
  const { cwd, env, whole, show } = options || {};
  const stdio = show
    ? 'inherit'
    : /** @type {import('child_process').StdioOptions} */ (['ignore', 'pipe', 'pipe']);
  const start = () =>
    spawn(command, args, { cwd, env: withoutSecret(env || process.env), detached: whole, stdio });
  if (whole) return ended(start());
  /** @type {import('child_process').ChildProcess | undefined} */
  let child;
  // started after the listener is added, because a signal between the two would leave the program running
  return leavingAfter(
    () => ended((child = start())),
    (signal) => child && child.kill(signal),
  );
}

/** Removes secrets, which installers, compilers and scripts of packages do not need. @param {NodeJS.ProcessEnv} env */
function withoutSecret(env) {
  const rest = Object.assign({}, env);
  delete rest.WEBHOOK_SECRET;
  delete rest.NOTIFY_URL;
  return rest;
}

/**
 * Runs work that must not stop halfway: after a signal it finishes, and then rejects with Interrupted.
 * @template T
 * @param {() => Promise<T>} work
 */
function uninterrupted(work) {
  return leavingAfter(work, () =>
    console.log('\nStopping as soon as the installation has finished ' + signs.dots),
  );
}

/**
 * @template T
 * @param {() => Promise<T>} work
 * @param {(signal: NodeJS.Signals) => void} onSignal
 * @returns {Promise<T>}
 */
async function leavingAfter(work, onSignal) {
  /** @type {NodeJS.Signals | undefined} */
  let came;
  /** @param {NodeJS.Signals} signal */
  const listener = (signal) => {
    came = signal;
    onSignal(signal);
  };
  for (const signal of ENDING) process.on(signal, listener);
  try {
    const result = await work();
    if (came) throw new Interrupted(came);
    return result;
  } finally {
    for (const signal of ENDING) process.removeListener(signal, listener);
  }
}

/** @param {import('child_process').ChildProcess} child @returns {Promise<{ status: number | null, lines: string[] }>} */
function ended(child) {
  const output = keepLast(child);
  return new Promise((resolve) => {
    child.on('error', (error) => output.add(error.message));
    child.on('close', (status) => resolve({ status, lines: output.lines() }));
  });
}

/** @param {import('child_process').ChildProcess} child */
function keepLast(child) {
  let text = '';
  /** @param {string} more */
  const add = (more) => {
    text += more;
    if (text.length > 200000) text = text.slice(-100000);
  };
  for (const stream of [child.stdout, child.stderr]) if (stream) stream.setEncoding('utf8').on('data', add);
  return {
    add,
    lines: () =>
      text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .slice(-LINES_KEPT),
  };
}

module.exports = { run, uninterrupted, Interrupted };
