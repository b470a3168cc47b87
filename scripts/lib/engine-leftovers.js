// @ts-check
/** Finds containers and images that a test run or a temporary copy left in Docker: their label names a home in its folder. */
'use strict';
const { spawnSync } = require('child_process');

/** Set by deploy/runtimes/compose/containers.ts. */
const HOME_LABEL = 'switchyard.home';

/**
 * @typedef {object} Kind
 * @property {string} what
 * @property {string[]} list prints an id a line
 * @property {string} name
 * @property {string[]} remove
 */

/** Containers first, because they hold their images. @type {Kind[]} */
const KINDS = [
  {
    what: 'container',
    list: ['container', 'ls', '--all'],
    name: '{{.Name}}',
    remove: ['container', 'rm', '--force', '--volumes'],
  },
  { what: 'image', list: ['image', 'ls'], name: '{{.RepoTags}}', remove: ['image', 'rm', '--force'] },
];

/**
 * Empty if there is no engine.
 * @param {string} folder the run's own folder
 * @returns {{ what: string, id: string, name: string }[]}
 */
function leftInEngine(folder) {
  return KINDS.map((kind) => leftOf(kind, folder)).reduce((all, some) => all.concat(some), []);
}

/** @param {string} folder */
function removeFromEngine(folder) {
  for (const kind of KINDS) {
    const ids = leftOf(kind, folder).map(({ id }) => id);
    if (ids.length > 0) docker(...kind.remove, ...ids);
  }
}

/** @param {Kind} kind @param {string} folder */
function leftOf({ what, list, name }, folder) {
  const ids = lines(docker(...list, '--quiet', '--no-trunc', '--filter', `label=${HOME_LABEL}`));
  if (ids.length === 0) return [];
  const format = `{{.Id}}\t${name}\t{{index .Config.Labels "${HOME_LABEL}"}}`;
  return lines(docker(what, 'inspect', '--format', format, ...new Set(ids)))
    .map((line) => line.split('\t'))
    .filter(([, , home = '']) => home.startsWith(folder))
    .map(([id = '', called = '']) => ({ what, id, name: called }));
}

/**
 * Returns the command's output; empty if it fails, for example because the container has already been removed.
 * @param {...string} args
 */
function docker(...args) {
  return spawnSync('docker', args, { encoding: 'utf8' }).stdout || '';
}

/** @param {string} text */
function lines(text) {
  return text.split('\n').filter(Boolean);
}

module.exports = { leftInEngine, removeFromEngine };
