#!/usr/bin/env node
// @ts-check
/**
 * `npm run sabotage`: breaks one promise at a time in a copy of this tree, and runs the test that guards it. A
 * test that stays green has measured nothing, and fails this command. `npm run sabotage -- 3` runs those of one
 * invariant.
 */
'use strict';
const { execFileSync, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { ensureBuilt } = require('./lib/build');
const { duration } = require('./lib/phase');
const { SABOTAGES } = require('../test/sabotages');

const ROOT = path.resolve(__dirname, '..');

async function main() {
  const wanted = process.argv[2];
  const chosen = SABOTAGES.filter(({ invariant }) => wanted === undefined || String(invariant) === wanted);
  let survived = 0;
  for (const sabotage of chosen) {
    const begun = Date.now();
    const red = await turnsRed(sabotage);
    if (!red) survived += 1;
    const verdict = red ? '✓ red  ' : '✗ GREEN';
    const took = duration(Date.now() - begun);
    console.log(`${verdict}  invariant ${sabotage.invariant}: ${sabotage.what}  (${sabotage.test}, ${took})`);
  }
  console.log(`${chosen.length - survived} passed, ${survived} failed`);
  process.exit(survived > 0 || chosen.length === 0 ? 1 : 0);
}

/** @param {import('../test/sabotages').Sabotage} sabotage */
async function turnsRed(sabotage) {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'switchyard-sabotage-'));
  try {
    fs.chmodSync(copy, 0o755);
    copyTree(copy);
    if (!passes(copy, sabotage)) throw new Error(`${sabotage.test} is red without any sabotage`);
    await sabotageIn(copy, sabotage);
    return !passes(copy, sabotage);
  } finally {
    fs.rmSync(copy, { recursive: true, force: true });
  }
}

/** What a commit of this working tree would hold, its packages and its build. @param {string} copy */
function copyTree(copy) {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const file of listed.split('\0').filter((name) => name && fs.existsSync(path.join(ROOT, name)))) {
    fs.mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    fs.cpSync(path.join(ROOT, file), path.join(copy, file), { recursive: true });
  }
  execFileSync('cp', ['-al', path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules')]);
  execFileSync('cp', ['-a', path.join(ROOT, 'dist'), path.join(copy, 'dist')]);
  // a test's throw-away clone is made of what git lists
  execFileSync('git', ['init', '--quiet', '--initial-branch=main'], { cwd: copy });
}

/** @param {string} copy @param {import('../test/sabotages').Sabotage} sabotage */
async function sabotageIn(copy, { file, from, to }) {
  const place = path.join(copy, file);
  const text = fs.readFileSync(place, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not hold once: ${from}`);
  fs.writeFileSync(
    place,
    text.replace(from, () => to),
  );
  await ensureBuilt(copy, 'deploy', 'the sabotaged kit');
}

/** @param {string} copy @param {import('../test/sabotages').Sabotage} sabotage */
function passes(copy, { test, name }) {
  const jest = path.join(copy, 'node_modules', 'jest', 'bin', 'jest.js');
  const args = [jest, '--runInBand', '--silent', '--runTestsByPath', test, ...(name ? ['-t', name] : [])];
  const { status } = spawnSync(process.execPath, args, { cwd: copy, stdio: 'ignore' });
  return status === 0;
}

main().catch((error) => {
  console.error(`✗ ${error.message}`);
  process.exit(1);
});
