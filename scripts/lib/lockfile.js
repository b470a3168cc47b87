// @ts-check
/**
 * Pure: are the installed packages those of package-lock.json, and may `npm ci` make them so? npm keeps its
 * own record of what it installed in node_modules/.package-lock.json; comparing the two takes milliseconds,
 * asking npm takes a second.
 *
 * @typedef {{ version?: string, resolved?: string, integrity?: string, link?: boolean, optional?: boolean,
 *   os?: string[], cpu?: string[], libc?: string[], dependencies?: Record<string, string>,
 *   devDependencies?: Record<string, string>, optionalDependencies?: Record<string, string> }} Package
 * @typedef {{ packages?: Record<string, Package> }} Lock
 * @typedef {{ os: string, cpu: string, libc: string | null }} Machine
 * @typedef {object} Installed
 * @property {Package} manifest package.json
 * @property {Lock | null} lock package-lock.json
 * @property {Lock | null} hidden npm's record of what it installed
 * @property {boolean} present whether node_modules is there
 * @property {boolean} isLink whether node_modules itself is a symbolic link
 * @property {string[]} absent packages of the lockfile without a folder
 * @property {string[]} links packages of the lockfile whose folder is a symbolic link
 * @property {string | null} otherManager who made node_modules, if it was not npm
 * @property {Machine} machine
 * @typedef {{ do: 'nothing' } | { do: 'install', why: string } | { do: 'keep' | 'refuse', why: string, hint: string }} Decision
 */
'use strict';

/**
 * @param {Installed} installed
 * @returns {Decision}
 */
function decide(installed) {
  const { lock, hidden, present } = installed;
  if (!lock) return refuse('package-lock.json is missing or cannot be read.', 'Make it: npm install');
  const stray = disagreements(installed.manifest, lock);
  const lacking = hidden && present ? differences(lock, hidden, installed) : namesIn(lock);
  if (lacking.length === 0)
    return stray.length === 0 ? { do: 'nothing' } : { do: 'keep', ...outOfStep(stray) };
  if (stray.length > 0) return { do: 'refuse', ...outOfStep(stray) };
  return present ? replacing(installed, lacking) : { do: 'install', why: 'first start' };
}

/** The entry without a name is the clone itself. @param {Lock} lock */
function namesIn(lock) {
  return Object.keys(lock.packages || {}).filter(Boolean);
}

/** Whether npm ci may delete node_modules. @param {Installed} installed @param {string[]} lacking @returns {Decision} */
function replacing(installed, lacking) {
  const { hidden, isLink, otherManager } = installed;
  if (isLink) {
    return refuse(
      'node_modules is a symbolic link, and npm ci would empty the folder behind it.',
      'Put the link aside: mv node_modules ../node_modules.before',
    );
  }
  if (!hidden && otherManager) {
    return refuse(
      `node_modules was made by ${otherManager}, not by npm.`,
      'Put it aside: mv node_modules ../node_modules.before',
    );
  }
  const own = ownLinks(installed);
  if (own.length > 0) {
    const why = `npm ci would remove what you linked into node_modules: ${own.map(shortName).join(', ')}.`;
    return refuse(why, 'Bring it up to date yourself: npm ci, then link again.');
  }
  return { do: 'install', why: hidden ? changed(lacking) : 'node_modules is incomplete' };
}

/** Names of the direct dependencies on which package.json and the lockfile differ. @param {Package} manifest @param {Lock} lock */
function disagreements(manifest, lock) {
  const root = (lock.packages || {})[''] || {};
  const wanted = direct(manifest);
  const locked = direct(root);
  return Object.keys({ ...wanted, ...locked }).filter((name) => wanted[name] !== locked[name]);
}

/** @param {Package} manifest @returns {Record<string, string>} */
function direct(manifest) {
  return { ...manifest.devDependencies, ...manifest.optionalDependencies, ...manifest.dependencies };
}

/**
 * Packages of the lockfile that are not installed as it says. @param {Lock} lock @param {Lock} hidden
 * @param {{ absent: string[], machine: Machine }} disk
 */
function differences(lock, hidden, disk) {
  const absent = new Set(disk.absent);
  const has = hidden.packages || {};
  return Object.entries(lock.packages || {})
    .filter(([name, wanted]) => {
      if (name === '') return false;
      const found = has[name];
      if (!found || absent.has(name)) return !mayBeMissing(wanted, disk.machine);
      return found.version !== wanted.version || found.integrity !== wanted.integrity;
    })
    .map(([name]) => name);
}

/** npm leaves out optional packages that are for another machine. @param {Package} wanted @param {Machine} machine */
function mayBeMissing(wanted, machine) {
  if (!wanted.optional) return false;
  if (!wanted.os || !wanted.cpu) return true;
  return !(
    allows(wanted.os, machine.os) &&
    allows(wanted.cpu, machine.cpu) &&
    (!wanted.libc || allows(wanted.libc, machine.libc))
  );
}

/** @param {string[]} list @param {string | null} value */
function allows(list, value) {
  const refused = list.filter((entry) => entry.startsWith('!'));
  if (refused.length === list.length) return !list.includes(`!${value}`);
  return value !== null && list.includes(value);
}

/** @param {Installed} installed */
function ownLinks({ lock, hidden, links }) {
  const wanted = (lock && lock.packages) || {};
  const made = Object.entries((hidden && hidden.packages) || {}).filter(([, entry]) => entry.link);
  const names = new Set(links.concat(made.map(([name]) => name)));
  return [...names].filter((name) => !(wanted[name] || {}).link);
}

/** @param {string[]} names */
function outOfStep(names) {
  const why = `package.json and package-lock.json do not agree on ${names.join(', ')}.`;
  return { why, hint: 'Update the lockfile: npm install' };
}

/** @param {string[]} lacking */
function changed(lacking) {
  const first = lacking.slice(0, 1).map(shortName).join('');
  return lacking.length > 1 ? `${first} and ${lacking.length - 1} more changed` : `${first} changed`;
}

/** @param {string} name */
function shortName(name) {
  return name.replace(/^.*node_modules\//, '');
}

/** @param {string} why @param {string} hint @returns {Decision} */
function refuse(why, hint) {
  return { do: 'refuse', why, hint };
}

module.exports = { decide };
