// @ts-check
/** An expected failure outside the kit: one sentence and one thing to do, without a stack. */
'use strict';
const os = require('os');
const { Interrupted } = require('./run');
const signs = require('./signs');

class KnownFailure extends Error {
  /**
   * @param {import('../../deploy/core/errors').ErrorCode} code
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
 * Prints the error and sets the exit code. An interruption needs no explanation, and an unknown error is a bug and keeps
 * its stack.
 * @param {unknown} error
 */
function end(error) {
  process.exitCode = 1;
  if (error instanceof Interrupted) {
    process.exitCode = 128 + os.constants.signals[error.signal];
    return;
  }
  if (!isKnown(error)) {
    console.error(error);
    return;
  }
  if (process.argv.includes('--json')) {
    const { code, message, hint } = error;
    console.log(JSON.stringify({ error: { code, message, hint } }, null, 2));
    return;
  }
  const details = (error.details || []).map((line) => `    ${line}\n`).join('');
  process.stderr.write(`${signs.failed} ${error.message} (${error.code})\n${details}  ${error.hint}\n`);
}

/**
 * Also true for a KnownError of the kit, which has no details.
 * @param {any} error @returns {error is { code: string, message: string, hint: string, details?: string[] }}
 */
function isKnown(error) {
  return error instanceof Error && 'code' in error && 'hint' in error;
}

module.exports = { KnownFailure, end };
