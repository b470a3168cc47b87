// @ts-check
'use strict';

/** @param {number} bytes */
function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}

module.exports = { megabytes };
