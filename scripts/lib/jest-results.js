// @ts-check
/** A jest reporter: writes the result of every test to the file named by SWITCHYARD_TEST_RESULTS. */
'use strict';
const fs = require('fs');
const { STAYS_OPEN, recordsOf } = require('./results');

const PATIENCE_MS = 10000;

class JestResults {
  /** @param {{ testNamePattern?: string }} globalConfig */
  constructor(globalConfig) {
    this.pattern = globalConfig.testNamePattern;
  }

  /** @param {unknown} _contexts @param {{ testResults: any[] }} results */
  onRunComplete(_contexts, results) {
    const file = process.env.SWITCHYARD_TEST_RESULTS;
    if (file) fs.writeFileSync(file, JSON.stringify(recordsOf(results.testResults, this.pattern)));
    // unref'd: it fires only if something else keeps the process alive
    setTimeout(() => process.exit(STAYS_OPEN), PATIENCE_MS).unref();
  }
}

module.exports = JestResults;
