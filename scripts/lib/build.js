// @ts-check
/**
 * Compiles a TypeScript tree into dist/ when its sources have changed. A rename puts the new build in place of the old
 * one, so a running deployer never reads half a build. If the tree does not compile, the old build stays.
 */
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { KnownFailure } = require('./known');
const { phase } = require('./phase');
const { run } = require('./run');

/** The compiler as native code, which is several times as fast (docs/decisions/0015-two-compilers.md). */
const COMPILER = 'node_modules/typescript7';
const LINES_SHOWN = 12;

/**
 * @param {string} root the clone
 * @param {string} name the folder of the sources and, below dist/, of the result
 * @param {string} words its name in messages
 * Throws E_COMPILE.
 */
async function ensureBuilt(root, name, words) {
  const result = path.join(root, 'dist', name);
  const stamp = stampOf(root, name);
  if (stampIn(result) === stamp) return;
  await phase({ doing: `Building ${words}`, done: `${words} built` }, () => build(root, name, stamp));
}

/** @param {string} root @param {string} name @param {string} stamp */
async function build(root, name, stamp) {
  const result = path.join(root, 'dist', name);
  fs.mkdirSync(path.dirname(result), { recursive: true });
  const fresh = fs.mkdtempSync(path.join(root, 'dist', `.${name}-`));
  try {
    await compile(root, name, fresh);
    // otherwise Node would read the clone's package.json, which the user may have broken or set to "module"
    fs.writeFileSync(path.join(fresh, 'package.json'), '{ "type": "commonjs" }\n');
    fs.writeFileSync(path.join(fresh, '.stamp'), stamp);
    swap(fresh, result);
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
}

/** @param {string} root @param {string} name @param {string} outDir */
async function compile(root, name, outDir) {
  const tsc = path.join(root, COMPILER, 'bin', 'tsc');
  const args = [
    tsc,
    '-p',
    path.join(name, 'tsconfig.json'),
    '--outDir',
    outDir,
    '--noEmitOnError',
    '--pretty',
    'false',
  ];
  const { status, lines } = await run(process.execPath, args, { cwd: root });
  if (status === 0) return;
  const shown = lines.slice(0, LINES_SHOWN);
  throw new KnownFailure(
    'E_COMPILE',
    `The sources in ${name}/ do not compile.`,
    'Fix them, then try again.',
    shown,
  );
}

/** The folder is missing between the two renames, for microseconds; rename(2) cannot replace a full folder. @param {string} fresh @param {string} result */
function swap(fresh, result) {
  const old = `${fresh}-old`;
  if (fs.existsSync(result)) fs.renameSync(result, old);
  fs.chmodSync(fresh, 0o755);
  fs.renameSync(fresh, result);
  fs.rmSync(old, { recursive: true, force: true });
}

/** @param {string} result */
function stampIn(result) {
  try {
    return fs.readFileSync(path.join(result, '.stamp'), 'utf8');
  } catch (_) {
    return null;
  }
}

/** A hash of the sources that a build was made from. @param {string} root @param {string} name */
function stampOf(root, name) {
  const hash = crypto.createHash('sha256');
  const files = ['tsconfig.json', `${COMPILER}/package.json`, ...filesBelow(root, name)];
  for (const file of files) {
    const content = fs.readFileSync(path.join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** @param {string} root @param {string} folder @returns {string[]} */
function filesBelow(root, folder) {
  const entries = fs.readdirSync(path.join(root, folder), { withFileTypes: true });
  const names = entries.map((entry) => {
    const name = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(root, name) : entry.isFile() ? [name] : [];
  });
  return names.reduce((all, some) => all.concat(some), []).sort();
}

module.exports = { ensureBuilt, stampOf };
