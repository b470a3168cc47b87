#!/usr/bin/env node
// @ts-check
/**
 * `npm run check`: what a change must pass before it is pushed, side by side; `npm run lint` is the same without the
 * tests. What fails is shown whole, and the exit code is then 1. `npm run check -- types tests` runs a part.
 */
'use strict';
const { execFile } = require('child_process');
const path = require('path');
const { end, KnownFailure } = require('./lib/known');
const { duration } = require('./lib/phase');

const ROOT = path.resolve(__dirname, '..');

/**
 * By the name that is shown, the longest first: the program of a package, and its arguments.
 * @type {Record<string, [program: string, ...args: string[]]>}
 */
const PARTS = {
  rules: ['eslint/bin/eslint.js', '.'],
  tests: ['jest/bin/jest.js', '--maxWorkers=100%', '--reporters=summary', '--selectProjects', 'unit', 'app'],
  format: ['prettier/bin/prettier.cjs', '--check', '.'],
  types: ['typescript7/bin/tsc'],
  'dead-code': ['knip/bin/knip.js'],
  rooms: ['dependency-cruiser/bin/dependency-cruise.mjs', 'deploy', 'scripts', 'tools'],
};

async function check() {
  const parts = wanted(process.argv.slice(2));
  console.log(`${parts.join(', ')} …`);
  const results = await Promise.all(parts.map(runPart));
  const failed = parts.filter((_, at) => !results[at]);
  if (failed.length === 0) return;
  console.log(`✗ failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

/** @param {string[]} names */
function wanted(names) {
  const all = Object.keys(PARTS);
  const unknown = names.find((name) => !all.includes(name));
  if (unknown)
    throw new KnownFailure('E_USAGE', `There is no check "${unknown}".`, `one of ${all.join(', ')}`);
  return all.filter((part) => names.length === 0 || names.includes(part));
}

/** Says how it went as soon as it is over. @param {string} part @returns {Promise<boolean>} whether well */
function runPart(part) {
  const begun = Date.now();
  const [program, ...args] = /** @type {[string, ...string[]]} */ (PARTS[part]);
  const file = path.join(ROOT, 'node_modules', program);
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { cwd: ROOT, maxBuffer: Infinity }, (error, out, err) => {
      const took = duration(Date.now() - begun);
      console.log(error ? `\n✗ ${part} (${took})\n\n${out}${err}` : `✓ ${part} (${took})`);
      resolve(!error);
    });
  });
}

check().catch(end);
