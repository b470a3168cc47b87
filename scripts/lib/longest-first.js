// @ts-check
/**
 * jest's test sequencer. Runs the files with the longest recorded duration first, so that no long one starts last. By
 * default, jest goes by file size.
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
   * `--shard=1/3`: each file goes to the shard with the least work.
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
      // a file without a record also takes some time
      least.seconds += Math.max(this.seconds(test), 0.2);
      least.tests.push(test);
    }
    return shards.flatMap(({ tests: some }, index) => (index === shardIndex - 1 ? some : []));
  }

  /** Called by jest for --onlyFailures; no record of failures is kept. @template T @param {T[]} tests */
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
