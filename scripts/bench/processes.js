// @ts-check
/** Whatever the benchmark has begun is ended with it, also when it is broken off. */
'use strict';
const { execFile, spawn } = require('child_process');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');

/** @typedef {import('child_process').ChildProcess} ChildProcess */

/** @type {Set<() => unknown>} */
const endings = new Set();
const LOOK_EVERY_MS = 10;
const UP_WITHIN_MS = 15_000;

/** Does it at the end, the last one first. @param {() => unknown} ending @returns {() => Promise<void>} does it now */
function atEnd(ending) {
  endings.add(ending);
  return async () => {
    if (endings.delete(ending)) await ending();
  };
}

async function endAll() {
  for (const ending of [...endings].reverse()) {
    endings.delete(ending);
    await Promise.resolve()
      .then(ending)
      .catch((error) => console.error(`! ${error}`));
  }
}

/** Ends it with us. @param {ChildProcess} child */
function keep(child) {
  const forget = atEnd(() => ended(child));
  child.once('exit', () => void forget());
  return child;
}

/** A server in the foreground. @param {string} file @param {string[]} args @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options] */
function serve(file, args, options = {}) {
  return keep(spawn(file, args, { stdio: 'ignore', ...options }));
}

/** SIGTERM, then SIGKILL. @param {ChildProcess} child @param {number} [graceMs] @returns {Promise<void>} */
function ended(child, graceMs = 3000) {
  if (child.exitCode !== null || child.signalCode !== null || !child.pid) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

/** Its output; rejects when it fails. @param {string} file @param {string[]} args @param {import('child_process').ExecFileOptions} [options] @returns {Promise<string>} */
function output(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    execFile(file, args, { maxBuffer: 1e8, ...options }, (error, stdout, stderr) => {
      if (error)
        reject(
          new Error(`${path.basename(file)} ${args[0] ?? ''}: ${lastLine(String(stderr)) || error.message}`),
        );
      else resolve(String(stdout) + String(stderr));
    });
  });
}

/** @param {string} text */
function lastLine(text) {
  return text.trimEnd().split('\n').pop() ?? '';
}

/** A folder that every user may enter, gone at the end. */
function scratch() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'switchyard-bench-'));
  fs.chmodSync(dir, 0o755);
  atEnd(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** @param {number} count @returns {Promise<number[]>} below those that the kernel gives to clients */
async function freePorts(count) {
  /** @type {number[]} */
  const found = [];
  while (found.length < count) {
    const port = 16_000 + Math.floor(Math.random() * 16_000);
    if (!found.includes(port) && (await isFree(port))) found.push(port);
  }
  return found;
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Waits until the answer of a GET is the wanted one. @param {number} port @param {string} where @param {(answer: { status: number, text: string }) => boolean} [wanted] */
async function untilAnswers(port, where = '/', wanted = ({ status }) => status === 200) {
  await until(`an answer on port ${port}`, async () => {
    const answer = await fetch(`http://127.0.0.1:${port}${where}`, { headers: { connection: 'close' } }).then(
      async (response) => ({ status: response.status, text: await response.text() }),
      () => null,
    );
    return answer !== null && wanted(answer);
  });
}

/** @param {string} what @param {() => boolean | Promise<boolean>} condition @param {number} [limitMs] */
async function until(what, condition, limitMs = UP_WITHIN_MS) {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** @param {number} ms @returns {Promise<void>} */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The program in PATH, or null. @param {string} name */
function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file)) ?? null;
}

module.exports = {
  atEnd,
  endAll,
  keep,
  serve,
  ended,
  output,
  scratch,
  freePorts,
  untilAnswers,
  until,
  sleep,
  findProgram,
};
