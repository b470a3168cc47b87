// @ts-check
/** Checks requirements that this program cannot fix: the system, the version of Node, git, a commit. */
'use strict';
const { spawnSync } = require('child_process');
const { find } = require('./find');
const { KnownFailure } = require('./known');

const OLDEST_NODE = 20;
/** In a hook, GIT_DIR would make git use another repository than that of the folder. */
const OF_A_HOOK = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_PREFIX', 'GIT_QUARANTINE_PATH'];
/** Variables that git does not need. */
const SECRETS = ['WEBHOOK_SECRET', 'NOTIFY_URL'];

/**
 * Throws the error for the first missing requirement. @param {string} root the clone
 * @param {{ version: string, platform: string, env: NodeJS.ProcessEnv }} [on] the process it runs in
 */
function checkMachine(root, on) {
  const { version, platform, env } = on || process;
  checkPlatform(platform);
  checkNode(version);
  checkTools(env);
  checkRepository(root, env);
}

/** Throws E_NOT_LINUX. @param {string} platform as in process.platform */
function checkPlatform(platform) {
  if (platform === 'linux') return;
  const hint = 'Run it on Linux: a server, a virtual machine, or WSL 2 on Windows.';
  throw new KnownFailure('E_NOT_LINUX', `Switchyard runs on Linux, and this is ${platform}.`, hint);
}

/** Throws E_NODE_TOO_OLD. @param {string} version as in process.version */
function checkNode(version) {
  const major = Number((/^v?(\d+)\./.exec(version) || [])[1]);
  if (major >= OLDEST_NODE) return;
  const message = `Switchyard needs Node ${OLDEST_NODE} or newer, and this is ${version}.`;
  throw new KnownFailure('E_NODE_TOO_OLD', message, `Install Node ${OLDEST_NODE} or newer.`);
}

/** Throws E_NO_GIT, E_NO_NPM. @param {NodeJS.ProcessEnv} env */
function checkTools(env) {
  if (!find('git', env)) {
    throw new KnownFailure('E_NO_GIT', 'git is not installed.', 'Install the package git.');
  }
  if (!find('npm', env)) {
    throw new KnownFailure('E_NO_NPM', 'npm is not installed.', 'Install npm; it comes with Node.');
  }
}

/** Throws E_NOT_A_REPOSITORY, E_NO_COMMIT. @param {string} root @param {NodeJS.ProcessEnv} env */
function checkRepository(root, env) {
  const clean = Object.assign({}, env, { LC_ALL: 'C' });
  for (const name of OF_A_HOOK.concat(SECRETS)) delete clean[name];
  const asked = ['-C', root, 'rev-parse', '--show-cdup', '--verify', '--quiet', 'HEAD^{commit}'];
  const git = spawnSync('git', asked, { env: clean, encoding: 'utf8' });
  if (git.status === 0 && git.stdout.startsWith('\n')) return;
  throw repositoryFailure(root, git.stdout, git.stderr);
}

/**
 * The first line git prints is the way up to the top folder: empty if `root` is the top itself.
 * @param {string} root @param {string} stdout @param {string} stderr
 */
function repositoryFailure(root, stdout, stderr) {
  if (/dubious ownership/.test(stderr)) {
    const hint = `Trust it: git config --global --add safe.directory '${root}'`;
    return new KnownFailure('E_NOT_A_REPOSITORY', `git refuses ${root}: another user owns it.`, hint);
  }
  const make = 'git init && git add -A && git commit -m start';
  if (!stdout.startsWith('\n')) {
    const hint = `Get it with git clone; in a folder from a ZIP: ${make}`;
    return new KnownFailure('E_NOT_A_REPOSITORY', `${root} is not a git repository of its own.`, hint);
  }
  const hint = 'Make one: git add -A && git commit -m start';
  return new KnownFailure(
    'E_NO_COMMIT',
    'This repository has no commit yet, so there is nothing to deploy.',
    hint,
  );
}

module.exports = { checkMachine, checkNode, checkPlatform, checkTools, checkRepository };
