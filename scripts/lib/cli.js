// @ts-check
'use strict';
const fs = require('fs');
const path = require('path');

/** The compiled command line. @param {string} root the clone */
function cliOf(root) {
  const file = path.join(root, 'dist', 'deploy', 'cli.js');
  return fs.existsSync(file) ? file : null;
}

/**
 * Becomes the command line: same process, so its signals and its exit code are ours.
 * @param {string} cli @param {string[]} args
 */
function becomeCli(cli, args) {
  process.argv = [process.execPath, cli, ...args];
  const Module = /** @type {any} */ (require('module'));
  // runs process.argv[1] just as `node file` would, so that it is the main module there
  Module.runMain();
}

/**
 * Node 22 and newer keep what they have compiled. In the clone, since a folder in /tmp could be somebody else's.
 * @param {string} cli
 */
function keepCompiled(cli) {
  const Module = /** @type {any} */ (require('module'));
  if (Module.enableCompileCache) Module.enableCompileCache(path.join(path.dirname(cli), '..', '.compiled'));
}

module.exports = { cliOf, becomeCli, keepCompiled };
