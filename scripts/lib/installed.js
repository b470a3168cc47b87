// @ts-check
/** Reads which npm packages are installed, without starting npm. */
'use strict';
const fs = require('fs');
const path = require('path');

/** Files that only another package manager leaves in node_modules. */
const OTHER_MANAGERS = { '.modules.yaml': 'pnpm', '.yarn-integrity': 'Yarn', '.yarn-state.yml': 'Yarn' };

/**
 * @param {string} root the clone
 * @returns {import('./lockfile').Installed}
 */
function readInstalled(root) {
  const modules = path.join(root, 'node_modules');
  const lock = readJson(path.join(root, 'package-lock.json'));
  const kinds = kindsOf(root, lock);
  return {
    manifest: readJson(path.join(root, 'package.json')) || {},
    lock,
    hidden: readJson(path.join(modules, '.package-lock.json')),
    present: fs.existsSync(modules),
    isLink: kindOf(modules) === 'link',
    absent: kinds.absent,
    links: kinds.links,
    otherManager: otherManager(modules),
    machine: { os: process.platform, cpu: process.arch, libc: libc() },
  };
}

/** @param {string} root @param {import('./lockfile').Lock | null} lock */
function kindsOf(root, lock) {
  const names = Object.keys((lock && lock.packages) || {}).filter(Boolean);
  const kinds = names.map((name) => ({ name, kind: kindOf(path.join(root, name)) }));
  return {
    absent: kinds.filter(({ kind }) => kind === 'nothing').map(({ name }) => name),
    links: kinds.filter(({ kind }) => kind === 'link').map(({ name }) => name),
  };
}

/** @param {string} file */
function kindOf(file) {
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  if (!stat) return 'nothing';
  return stat.isSymbolicLink() ? 'link' : 'folder';
}

/** @param {string} modules @returns {string | null} */
function otherManager(modules) {
  const found = Object.entries(OTHER_MANAGERS).find(([file]) => fs.existsSync(path.join(modules, file)));
  return found ? found[1] : null;
}

/** The C library as package-lock.json names it; ldd is a script that names it. @returns {string | null} */
function libc() {
  try {
    const text = fs.readFileSync('/usr/bin/ldd', 'latin1');
    if (text.includes('musl')) return 'musl';
    return text.includes('GNU C Library') || text.includes('GLIBC') ? 'glibc' : null;
  } catch (_) {
    return null;
  }
}

/** @param {string} file @returns {any} null if it is missing or broken */
function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (_) {
    return null;
  }
}

module.exports = { readInstalled };
