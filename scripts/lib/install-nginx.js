// @ts-check
/**
 * Installs the distribution's nginx without its service, because the package starts a public server on port 80.
 */
'use strict';
const fs = require('fs');
const { run, uninterrupted } = require('./run');

/** Debian asks this program whether a package may start its service; the exit code 101 forbids it. */
const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_MARK = '# Made by Switchyard for the time of one installation.';
const LINES_SHOWN = 12;

const APT = ['-y', '-q', '-o', 'DPkg::Lock::Timeout=120'];
const QUIET = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1', LC_ALL: 'C.UTF-8' };
const INSTALL = ['install', ...APT, '--no-install-recommends', 'nginx'];
/** Printed by apt-get before it starts. */
const NOISE = /^(Reading|Building) .*\.\.\./;
/** Printed by apt-get if its package lists are older than the archive. */
const STALE = /404 +Not Found|Unable to locate package|has no installation candidate|Unable to fetch/;

/**
 * Root only. Ctrl-C does not interrupt it: a half-configured package would start its service later.
 * @param {{ manager: string | null, systemd: boolean, fresh: boolean }} system
 * @returns {Promise<string[]>} the last lines of its output if it failed; empty if it succeeded
 */
function installNginx(system) {
  return uninterrupted(async () => {
    const result = await (system.manager === 'dnf' ? dnfInstall() : aptInstall(system.fresh));
    return result.status === 0 ? switchOff(system.systemd) : why(result);
  });
}

/** @param {boolean} fresh whether apt has no package lists yet */
async function aptInstall(fresh) {
  const allow = forbidServices(POLICY);
  try {
    if (fresh) return await updateAndInstall();
    const result = await whole('apt-get', INSTALL);
    return result.status !== 0 && STALE.test(result.lines.join('\n')) ? await updateAndInstall() : result;
  } finally {
    allow();
  }
}

/** Includes the update's output, which alone shows that an archive cannot be reached. */
async function updateAndInstall() {
  const update = await whole('apt-get', ['update', ...APT]);
  const install = await whole('apt-get', INSTALL);
  return { status: install.status, lines: update.lines.concat(install.lines) };
}

/** dnf starts no service. */
function dnfInstall() {
  return whole('dnf', ['install', '-y', '-q', '--setopt=install_weak_deps=False', 'nginx-core']);
}

/**
 * Disables the service now and after the next start of the machine.
 * @param {boolean} systemd
 * @returns {Promise<string[]>} why not
 */
async function switchOff(systemd) {
  if (systemd) {
    const result = await whole('systemctl', ['disable', '--now', 'nginx.service']);
    return result.status === 0 || /does not exist|not found/.test(result.lines.join()) ? [] : why(result);
  }
  if (!fs.existsSync('/etc/init.d/nginx')) return [];
  const result = await whole('update-rc.d', ['nginx', 'disable']);
  return result.status === 0 ? [] : why(result);
}

/** Keeps a policy that the machine already has. @param {string} file @returns {() => void} undoes it */
function forbidServices(file) {
  if (fs.existsSync(file) && !fs.readFileSync(file, 'utf8').includes(POLICY_MARK)) return () => {};
  fs.writeFileSync(file, `#!/bin/sh\n${POLICY_MARK}\nexit 101\n`, { mode: 0o755 });
  return () => fs.rmSync(file, { force: true });
}

/** @param {string} command @param {string[]} args */
function whole(command, args) {
  return run(command, args, { whole: true, env: Object.assign({}, process.env, QUIET) });
}

/** @param {{ status: number | null, lines: string[] }} result */
function why(result) {
  const lines = result.lines.filter((line) => !NOISE.test(line)).slice(-LINES_SHOWN);
  return lines.length > 0 ? lines : [`exit status ${result.status}`];
}

module.exports = { installNginx, forbidServices };
