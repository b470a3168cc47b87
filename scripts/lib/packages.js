// @ts-check
/** Installs the npm packages of this clone when they are missing or differ from package-lock.json. */
'use strict';
const fs = require('fs');
const path = require('path');
const { KnownFailure } = require('./known');
const { decide } = require('./lockfile');
const { phase, say } = require('./phase');
const { run } = require('./run');
const { readInstalled } = require('./installed');

/** The kit is built here and needs tsc, even with the caller's NODE_ENV=production or --omit=dev. */
const INSTALL = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev', '--include=optional'];
const LINES_SHOWN = 12;

/**
 * Installs the packages if needed. Refuses rather than overwrite what the user put in node_modules.
 * @param {string} root the clone
 * Throws E_PACKAGES.
 */
async function ensurePackages(root) {
  const decision = decide(readInstalled(root));
  if (decision.do === 'refuse') throw new KnownFailure('E_PACKAGES', decision.why, decision.hint);
  if (decision.do === 'keep') say(`! ${decision.why} ${decision.hint}`);
  if (decision.do !== 'install') return;
  const texts = { doing: `Installing npm packages (${decision.why})`, done: 'npm packages installed' };
  await phase(texts, () => install(root));
}

/** @param {string} root */
async function install(root) {
  const { status, lines } = await run('npm', INSTALL, { cwd: root });
  if (status === 0) return;
  const hint = 'Run it yourself to see more: npm ci';
  throw new KnownFailure(
    'E_PACKAGES',
    `npm ci failed in ${path.basename(root)}.`,
    hint,
    lines.slice(-LINES_SHOWN),
  );
}

/**
 * A quick check for the commands, which install nothing. Throws E_PACKAGES.
 * @param {string} root the clone
 * @param {string} [needed] a package that the command cannot run without
 */
function checkPackages(root, needed = 'commander') {
  if (fs.existsSync(path.join(root, 'node_modules', needed))) return;
  const hint = 'Install them: npm ci; the active release stays live.';
  throw new KnownFailure('E_PACKAGES', 'The npm packages of this clone are gone.', hint);
}

module.exports = { ensurePackages, checkPackages };
