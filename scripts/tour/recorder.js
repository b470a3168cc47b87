// @ts-check
/** What users got, and which slots ran with how much memory, as it happens. */
'use strict';
const { performance } = require('perf_hooks');
const { SlotProcesses } = require('./slot-processes');

const LOOK_EVERY_MS = 100;

/**
 * @typedef {import('./slices').Answer} Answer
 * @typedef {import('./measure').Look} Look
 */

class Recorder {
  /** @param {Record<string, number>} ports of the slots */
  constructor(ports) {
    this.processes = new SlotProcesses(ports);
    this.newCommit = '';
    /** @type {Answer[]} in order of their time */
    this.answers = [];
    /** @type {Look[]} */
    this.looks = [];
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  /** Forgets what was. @param {string} newCommit whatever else answers is the old version */
  begin(newCommit) {
    this.newCommit = newCommit;
    this.answers = [];
    this.looks = [];
  }

  end() {
    clearInterval(this.timer);
  }

  /** @returns {number} milliseconds since the process began */
  now() {
    return performance.now();
  }

  /** @param {import('../demo/users').Answer} answer */
  hear({ user, status, retryAfter, body }) {
    const at = this.now();
    if (status === 200) {
      const { slot, commit } = JSON.parse(body);
      this.answers.push({
        at,
        user,
        outcome: 'ok',
        slot,
        version: commit === this.newCommit ? 'new' : 'old',
      });
    } else {
      const outcome = status === 503 && retryAfter !== undefined ? 'turned away' : 'failed';
      this.answers.push({ at, user, outcome, slot: null, version: null });
    }
  }

  look() {
    this.looks.push({ at: this.now(), ...this.processes.look() });
  }
}

module.exports = { Recorder };
