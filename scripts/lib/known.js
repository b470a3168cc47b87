// @ts-check
/**
 * A failure we know, before the kit is built: one sentence, one thing to do, no stack. The codes are those
 * of deploy/core/errors.ts.
 */
'use strict';
const os = require('os');
const { Interrupted } = require('./run');

class KnownFailure extends Error {
  /**
   * @param {string} code
   * @param {string} message one sentence
   * @param {string} hint one thing to do
   * @param {string[]} [details] the last lines of what failed, shown between the two
   */
  constructor(code, message, hint, details) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.details = details || [];
  }
}

/**
 * Says why it ended and sets the exit code. Whoever interrupted it needs no reason; what we do not know is a bug
 * and keeps its stack.
 * @param {unknown} error
 */
function end(error) {
  process.exitCode = 1;
  if (error instanceof Interrupted) {
    process.exitCode = 128 + os.constants.signals[error.signal];
    return;
  }
  if (!(error instanceof KnownFailure)) {
    console.error(error);
    return;
  }
  if (process.argv.includes('--json')) {
    const { code, message, hint } = error;
    console.log(JSON.stringify({ error: { code, message, hint } }, null, 2));
    return;
  }
  const details = error.details.map((line) => `    ${line}\n`).join('');
  process.stderr.write(`✗ ${error.message} (${error.code})\n${details}  ${error.hint}\n`);
}

module.exports = { KnownFailure, end };
