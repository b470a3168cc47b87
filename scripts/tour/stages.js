// @ts-check
/**
 * What the tour shows, in order. A strategy more is an entry more.
 *
 * @typedef {object} Stage
 * @property {string} strategy as --strategy names it
 * @property {string} title
 * @property {string} about one clause
 * @property {object} [config] what it needs of deploy.config.js, so that it is quick to watch
 * @property {string} [before] the command that brings about what it begins with
 * @property {string} there the command that makes the new version live
 * @property {string} back the command that goes back
 */
'use strict';

/** @type {Stage[]} */
const STAGES = [
  {
    strategy: 'in-place',
    title: 'In-place',
    about: 'the new version takes the place of the old one; meanwhile there is a maintenance page',
    there: 'npm run -s deploy -- --strategy in-place',
    back: 'npm run -s rollback',
  },
  {
    strategy: 'blue-green',
    title: 'Blue/green',
    about: 'the new version starts beside the old one, and all users move at once',
    there: 'npm run -s deploy -- --strategy blue-green',
    back: 'npm run -s rollback',
  },
  {
    strategy: 'canary',
    title: 'Canary',
    about: 'a few users meet it first, then more, as long as it does as well as the old one',
    // in two seconds a process that has just started is slower than one that has not, and no worse for it
    config: { canary: { steps: [10, 25, 50, 100], seconds: 2, minRequests: 40, slower: 100 } },
    there: 'npm run -s deploy -- --strategy canary',
    back: 'npm run -s rollback',
  },
  {
    strategy: 'rolling',
    title: 'Rolling',
    about: 'one slot after the other leaves, gets the new version, and comes back',
    before: 'npm run -s deploy -- --strategy rolling',
    there: 'npm run -s deploy -- --strategy rolling',
    back: 'npm run -s rollback',
  },
];

module.exports = { STAGES };
