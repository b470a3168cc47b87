// @ts-check
/** A throw-away copy of the clone: its last commit, its packages and its build, with a home of its own. */
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { removeFromEngine } = require('../lib/engine-leftovers');
const { processesLeft } = require('../lib/leftovers');
const { removeTree } = require('../lib/remove-tree');
const { run } = require('../lib/run');
const { KnownFailure } = require('../lib/known');

/** Long enough to see that it happens, too short to wait for. Seconds. */
const BAKE = '3';
/** What a person has set for their own Switchyard, git or npm is not the demo's. */
const NOT_OURS =
  /^(SWITCHYARD_|GIT_|npm_|INIT_CWD$|WEBHOOK_SECRET$|NOTIFY_URL$|SOURCE$|FORCE_COLOR$|NODE_ENV$)/;

/**
 * @typedef {object} Copy
 * @property {string} dir
 * @property {NodeJS.ProcessEnv} env for everything that runs in it
 * @property {() => Promise<void>} remove ends what runs of it and removes it
 */

/**
 * @param {string} root the clone
 * @param {import('./ports').Ports} ports
 * @param {NodeJS.ProcessEnv} [settings] variables that go over the configuration
 * @param {string} [name] of what it is for
 * @returns {Promise<Copy>}
 */
async function makeCopy(root, ports, settings, name = 'demo') {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), `switchyard-${name}-`));
  // nginx's worker is another user and must get through
  fs.chmodSync(top, 0o755);
  const dir = path.join(top, path.basename(root));
  const env = { ...environment(top, ports), ...settings };
  const copy = { dir, env, remove: () => remove(top, copy) };
  try {
    fs.mkdirSync(path.join(top, 'tmp'));
    await cloneInto(root, dir, env);
    await bring(root, dir, 'node_modules');
    await bring(root, dir, 'dist');
    return copy;
  } catch (error) {
    await copy.remove();
    throw error;
  }
}

/** @param {string} top @param {import('./ports').Ports} ports */
function environment(top, ports) {
  const entries = Object.entries(process.env).filter(([name]) => !NOT_OURS.test(name));
  return {
    ...Object.fromEntries(entries),
    SWITCHYARD_HOME: path.join(top, 'home'),
    TMPDIR: path.join(top, 'tmp'),
    HTTP_PORT: String(ports.http),
    BLUE_PORT: String(ports.blue),
    GREEN_PORT: String(ports.green),
    DEPLOYER_PORT: String(ports.deployer),
    BAKE_SECONDS: BAKE,
    BRANCH: 'main',
    npm_config_update_notifier: 'false',
  };
}

/** @param {string} root @param {string} dir @param {NodeJS.ProcessEnv} env */
async function cloneInto(root, dir, env) {
  await must('git', ['clone', '--quiet', root, dir], env);
  await must('git', ['-C', dir, 'checkout', '--quiet', '-B', 'main'], env);
  // the person's own name, key and hooks have no part in it
  const settings = {
    'user.name': 'New User',
    'user.email': 'new@example.org',
    'commit.gpgSign': 'false',
    'core.hooksPath': '/dev/null',
  };
  for (const [name, value] of Object.entries(settings))
    await must('git', ['-C', dir, 'config', name, value], env);
}

/** Nobody writes into these: links are as good as copies where the file system has them. @param {string} root @param {string} dir @param {string} name */
async function bring(root, dir, name) {
  const from = path.join(root, name);
  if ((await run('cp', ['-al', from, dir])).status === 0) return;
  fs.rmSync(path.join(dir, name), { recursive: true, force: true });
  await must('cp', ['-a', from, dir], process.env);
}

/** @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} env */
async function must(command, args, env) {
  const { status, lines } = await run(command, args, { env });
  if (status !== 0)
    throw new KnownFailure('E_INTERNAL', 'No copy could be made.', 'See above.', lines.slice(-5));
}

/** @param {string} top @param {Copy} copy */
async function remove(top, { dir, env }) {
  // in a session of its own: a second Ctrl-C does not end the ending
  await run(process.execPath, [path.join(dir, 'bin', 'switchyard.js'), 'stop'], {
    cwd: top,
    env,
    whole: true,
  });
  for (const { pid } of await processesLeft(top)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (_) {
      // it ended by itself
    }
  }
  // images outlive a stop, which keeps its home: this home goes
  removeFromEngine(top);
  await removeTree(top);
}

module.exports = { makeCopy };
