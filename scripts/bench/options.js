// @ts-check
/** What `npm run bench -- …` was asked for. Pure. */
'use strict';
const { KnownFailure } = require('../lib/known');

const HINT = 'npm run bench -- [--quick] [--only part,part] [--json] [--publish]';

/**
 * @param {string[]} args @param {{ parts: string[], quick: string[] }} known
 * @returns {{ quick: boolean, json: boolean, publish: boolean, parts: string[] }}
 */
function readOptions(args, { parts, quick }) {
  const options = { quick: false, json: false, publish: false };
  /** @type {string[] | undefined} */
  let only;
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--quick' || word === '--json' || word === '--publish')
      options[/** @type {'quick' | 'json' | 'publish'} */ (word.slice(2))] = true;
    else if (word === '--only') only = (rest.shift() ?? '').split(',');
    else throw new KnownFailure('E_USAGE', `The benchmark does not know "${word}".`, HINT);
  }
  const unknown = only?.find((part) => !parts.includes(part));
  if (unknown !== undefined)
    throw new KnownFailure('E_USAGE', `There is no part "${unknown}": ${parts.join(', ')}.`, HINT);
  if (options.publish && (options.quick || only))
    throw new KnownFailure('E_USAGE', 'Only a whole run is published.', HINT);
  const wanted = only ?? (options.quick ? quick : parts);
  return { quick: options.quick, json: options.json, publish: options.publish, parts: wanted };
}

module.exports = { readOptions };
