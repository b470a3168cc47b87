// @ts-check
/** Work that has started things on this machine: however it ends, they are gone then. */
'use strict';
const { Interrupted } = require('../lib/run');

/** @type {NodeJS.Signals[]} */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Rejects with Interrupted when a signal came, once everything is tidied up.
 * @template T
 * @param {object} what
 * @param {string} what.name as in "everything that the demo has started"
 * @param {(isOver: () => boolean) => Promise<T>} what.work ends early, without an error, when it is over
 * @param {() => void} what.giveUp called on a signal, at once: ends what the work waits for
 * @param {() => Promise<void>} what.tidy ends everything that was started
 * @returns {Promise<T>}
 */
async function attended({ name, work, giveUp, tidy }) {
  /** @type {NodeJS.Signals | undefined} */
  let came;
  /** @param {NodeJS.Signals} signal */
  const onSignal = (signal) => {
    came = came || signal;
    giveUp();
  };
  for (const signal of ENDING) process.on(signal, onSignal);
  // whoever read our output has gone: `npm run demo | head`
  process.stdout.on('error', () => onSignal('SIGPIPE'));
  /** @type {T | undefined} */
  let result;
  try {
    result = await work(() => came !== undefined);
  } catch (error) {
    // what was ended in the middle has failed, and that is no news
    if (!came) throw error;
  } finally {
    if (came) console.log(`\nEnding everything that ${name} has started …`);
    await tidy();
    for (const signal of ENDING) process.removeListener(signal, onSignal);
  }
  if (came) throw new Interrupted(came);
  return /** @type {T} */ (result);
}

module.exports = { attended };
