// @ts-check
/** Ensures that nginx is installed: root installs it with the system's package manager, other users get the command. */
'use strict';
const fs = require('fs');
const { find, SERVER_FOLDERS } = require('./find');
const { KnownFailure } = require('./known');
const { phase } = require('./phase');
const { installNginx } = require('./install-nginx');

/**
 * @typedef {'apt-get' | 'dnf'} Manager
 * @typedef {object} System
 * @property {Manager | null} manager the system's package manager, if it is one we know
 * @property {boolean} systemd whether systemd runs this system
 * @property {boolean} fresh whether the package manager has no list of packages yet
 */

/**
 * Throws E_NO_NGINX without root, or if the installation fails.
 * @param {{ env: NodeJS.ProcessEnv, uid: number, folders: string[] }} [who]
 */
async function ensureNginx(who) {
  const { env, uid, folders } = who || myself();
  if (find('nginx', env, folders)) return;
  const system = detectSystem(env);
  if (uid !== 0 || !system.manager) throw missing(system);
  await phase(texts(system.manager), () => install(system));
  if (!find('nginx', env, folders)) throw missing(system);
}

function myself() {
  return { env: process.env, uid: process.geteuid ? process.geteuid() : -1, folders: SERVER_FOLDERS };
}

/** @param {Manager} manager */
function texts(manager) {
  return {
    doing: `Installing the system package nginx with ${manager}; its own service stays off`,
    done: 'nginx installed, its own service is off',
  };
}

/** @param {System} system */
async function install(system) {
  const lines = await installNginx(system);
  if (lines.length === 0) return;
  throw new KnownFailure('E_NO_NGINX', 'nginx could not be installed.', hint(system, ''), lines);
}

/** @param {System} system */
function missing(system) {
  return new KnownFailure('E_NO_NGINX', 'nginx is not installed.', hint(system, 'sudo '));
}

/** @param {System} system @param {string} sudo */
function hint(system, sudo) {
  const line = installLine(system, sudo);
  return line ? `Install it: ${line}` : "Install nginx 1.18 or newer with this system's package manager.";
}

/**
 * The command line that installs nginx and keeps its own service, a public server on port 80, off. The package is
 * `nginx` and not `nginx-light`: before Debian 12 and Ubuntu 23.04 the light one lacks split_clients.
 * @param {System} system
 * @param {string} sudo `sudo `, or nothing for root
 * @returns {string | null} null for a package manager we do not know
 */
function installLine({ manager, systemd, fresh }, sudo) {
  const off = systemd ? `${sudo}systemctl disable --now nginx` : `${sudo}service nginx stop`;
  if (manager === 'dnf') return `${sudo}dnf install -y nginx-core`;
  if (manager !== 'apt-get') return null;
  const update = fresh ? `${sudo}apt-get update && ` : '';
  return `${update}${sudo}apt-get install -y --no-install-recommends nginx && ${off}`;
}

/** @param {NodeJS.ProcessEnv} env @returns {System} */
function detectSystem(env) {
  const manager = /** @type {Manager[]} */ (['apt-get', 'dnf']).find((name) =>
    find(name, env, SERVER_FOLDERS),
  );
  return {
    manager: manager || null,
    systemd: fs.existsSync('/run/systemd/system'),
    fresh: manager === 'apt-get' && !hasLists('/var/lib/apt/lists'),
  };
}

/** Container images come without apt's package lists. @param {string} folder */
function hasLists(folder) {
  try {
    return fs.readdirSync(folder).some((name) => name.includes('_Packages'));
  } catch (_) {
    return false;
  }
}

module.exports = { ensureNginx, installLine, hasLists };
