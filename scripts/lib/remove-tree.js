// @ts-check
/** Removes a folder that holds several node_modules: a hundred thousand files, of which each costs a little. */
'use strict';
const fs = require('fs');
const path = require('path');
const { run } = require('./run');

/** So many programs at once: more are no quicker. */
const AT_ONCE = 4;
/** How deep below it they lie: home/releases/<commit>/node_modules. */
const DEPTH = 4;

/** Resolves when it is gone. @param {string} folder */
async function removeTree(folder) {
  if (!fs.existsSync(folder)) return;
  const parts = partsOf(folder);
  const shares = Array.from({ length: AT_ONCE }, (_, share) =>
    parts.filter((__, i) => i % AT_ONCE === share),
  );
  await Promise.all(shares.map(remove));
  await remove([folder]);
}

/** In a session of its own: a second Ctrl-C does not end the ending. @param {string[]} folders */
async function remove(folders) {
  await run('rm', ['-rf', '--', ...folders], { whole: true });
}

/** The packages one by one, and what stands beside them: of about one size. @param {string} folder @param {number} [depth] @returns {string[]} */
function partsOf(folder, depth = DEPTH) {
  if (path.basename(folder) === 'node_modules') return foldersIn(folder);
  return depth === 0 ? [folder] : foldersIn(folder).flatMap((inner) => partsOf(inner, depth - 1));
}

/** @param {string} folder */
function foldersIn(folder) {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(folder, entry.name));
}

module.exports = { removeTree };
