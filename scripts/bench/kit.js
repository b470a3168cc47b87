// @ts-check
/** The kit as it is built: dist/deploy. */
'use strict';
const path = require('path');

const ROOT = path.resolve(__dirname, '..', '..');

/** @param {string} name a module of deploy/ @returns {any} */
function kit(name) {
  return require(path.join(ROOT, 'dist', 'deploy', name));
}

module.exports = { ROOT, kit };
