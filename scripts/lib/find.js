// @ts-check
'use strict';
const fs = require('fs');
const path = require('path');

/** Servers are installed here, and an ordinary user's PATH does not contain these folders. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/**
 * The absolute path of a program in PATH, then in `further` folders; null if there is none.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} [further]
 */
function find(name, env, further) {
  const folders = (env.PATH || '')
    .split(path.delimiter)
    .filter(Boolean)
    .concat(further || []);
  const found = folders.map((folder) => path.resolve(folder, name)).find(isProgram);
  return found || null;
}

/** @param {string} file */
function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch (_) {
    return false;
  }
}

module.exports = { find, SERVER_FOLDERS };
