// @ts-check
/**
 * What the tour shows, in order. A strategy more is an entry more.
 *
 * @typedef {object} Stage
 * @property {string} strategy as --strategy names it
 * @property {string} title
 * @property {string} about one clause
 * @property {object} [config] what it needs of deploy.config.js, so that it is quick to watch
 * @property {string} [before] what has to be so before it begins
 * @property {string} there the command that makes the new version live
 * @property {string} back the command that goes back
 */
'use strict';

/** @type {Stage[]} */
const STAGES = [
  {
    strategy: 'blue-green',
    title: 'Blue/green',
    about: 'the new version starts beside the old one, and all users move at once',
    there: 'npm run -s deploy',
    back: 'npm run -s rollback',
  },
];

module.exports = { STAGES };
