// @ts-check
/**
 * jest's test sequencer. Files run by their recorded duration, the longest first, so that no long one starts when the
 * others are over. jest by itself goes by the size of a file.
 */
'use strict';
const path = require('path');
const { recordedIn } = require('./durations');

const ROOT = path.resolve(__dirname, '..', '..');

class LongestFirst {
  constructor() {
    this.recorded = recordedIn(ROOT);
  }

  /** @template {{ path: string, context: any }} T @param {T[]} tests @returns {T[]} */
  sort(tests) {
    return [...tests].sort(
      (one, other) => this.seconds(other) - this.seconds(one) || size(other) - size(one),
    );
  }

  /**
   * `--shard=1/3`: each file goes to the shard with the least to do.
   * @template {{ path: string, context: any }} T
   * @param {T[]} tests
   * @param {{ shardIndex: number, shardCount: number }} options the index counts from 1
   * @returns {T[]}
   */
  shard(tests, { shardIndex, shardCount }) {
    const shards = Array.from({ length: shardCount }, () => ({
      seconds: 0,
      tests: /** @type {T[]} */ ([]),
    }));
    for (const test of this.sort(tests)) {
      const least = shards.reduce((one, other) => (other.seconds < one.seconds ? other : one));
      // a file without a record costs something too
      least.seconds += Math.max(this.seconds(test), 0.2);
      least.tests.push(test);
    }
    return shards.flatMap(({ tests: some }, index) => (index === shardIndex - 1 ? some : []));
  }

  /** jest asks this for --onlyFailures, of which no record is kept. @template T @param {T[]} tests */
  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}

  /** @param {{ path: string }} test */
  seconds(test) {
    return this.recorded[path.relative(ROOT, test.path)] || 0;
  }
}

/** @param {{ path: string, context: any }} test */
function size({ path, context }) {
  return context.hasteFS.getSize(path) || 0;
}

module.exports = LongestFirst;
