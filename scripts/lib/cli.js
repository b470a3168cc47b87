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
 * Runs the command line in this process, so that signals and the exit code need no forwarding.
 * @param {string} cli @param {string[]} args
 */
function becomeCli(cli, args) {
  process.argv = [process.execPath, cli, ...args];
  const Module = /** @type {any} */ (require('module'));
  // runs process.argv[1] as `node file` would, as the main module
  Module.runMain();
}

/**
 * Caches compiled code, from Node 22 on. The cache is in the clone, because a folder in /tmp could belong to another
 * user.
 * @param {string} cli
 */
function keepCompiled(cli) {
  const Module = /** @type {any} */ (require('module'));
  if (Module.enableCompileCache) Module.enableCompileCache(path.join(path.dirname(cli), '..', '.compiled'));
}

module.exports = { cliOf, becomeCli, keepCompiled };
