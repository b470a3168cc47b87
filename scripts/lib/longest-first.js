// @ts-check
/**
 * In which order jest takes the files: those that take longest come first, so that none of them begins when the others
 * are over. jest by itself goes by the size of a file, and a short text can tell a long story.
 */
'use strict';

const { LONGEST } = require('./longest');

class LongestFirst {
  /** @template {{ path: string, context: any }} T @param {T[]} tests @returns {T[]} */
  sort(tests) {
    return [...tests].sort((one, other) => rank(one.path) - rank(other.path) || size(other) - size(one));
  }

  /** Only asked for what failed the last time: all of it, since that is not kept. @template T @param {T[]} tests */
  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}

/** @param {string} file */
function rank(file) {
  const place = LONGEST.findIndex((name) => file.endsWith(`/test/${name}.test.ts`));
  return place === -1 ? LONGEST.length : place;
}

/** @param {{ path: string, context: any }} test */
function size({ path, context }) {
  return context.hasteFS.getSize(path) || 0;
}

module.exports = LongestFirst;
