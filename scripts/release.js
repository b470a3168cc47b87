#!/usr/bin/env node
// @ts-check
/**
 * `npm run release -- minor`: moves what CHANGELOG.md lists as unreleased under the next version and today's date, and makes
 * a commit and a tag. It pushes nothing and needs neither the network nor an earlier tag.
 */
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { end, KnownFailure } = require('./lib/known');

const STEPS = ['patch', 'minor', 'major'];
const FILES = ['package.json', 'package-lock.json', 'CHANGELOG.md'];
const UNRELEASED = '## Unreleased';

function release() {
  const [step = ''] = process.argv.slice(2);
  if (!STEPS.includes(step))
    throw usage('Name the kind of release.', `npm run release -- ${STEPS.join('|')}`);
  if (git('status', '--porcelain') !== '')
    throw usage('There are uncommitted changes.', 'Commit them, then run it again.');
  const changelog = fs.readFileSync('CHANGELOG.md', 'utf8');
  if (!hasUnreleased(changelog))
    throw usage(
      'CHANGELOG.md lists no unreleased change.',
      `Add a line below "${UNRELEASED}" and commit it.`,
    );
  try {
    const tag = run('npm', 'version', step, '--no-git-tag-version');
    fs.writeFileSync('CHANGELOG.md', released(changelog, tag.slice(1), new Date()));
    if (git('tag', '--list', tag) !== '')
      throw usage(`The tag ${tag} exists.`, `Look at it: git show ${tag}`);
    git('commit', '--quiet', '--message', `chore(release): ${tag}`, '--', ...FILES);
    git('tag', '--annotate', '--message', tag, tag);
    console.log(`✓ ${tag}: committed and tagged. Publish it: git push --follow-tags`);
  } catch (error) {
    git('checkout', '--quiet', 'HEAD', '--', ...FILES);
    throw error;
  }
}

/** @param {string} changelog */
function hasUnreleased(changelog) {
  const [, section = ''] = changelog.split(`\n${UNRELEASED}\n`);
  const [changes = ''] = section.split(/^## /m);
  return /^- /m.test(changes);
}

/** The changelog after the release. @param {string} changelog @param {string} version @param {Date} date */
function released(changelog, version, date) {
  const heading = `## ${version} - ${date.toISOString().slice(0, 10)}`;
  return changelog.replace(`\n${UNRELEASED}\n`, `\n${UNRELEASED}\n\n${heading}\n`);
}

/** @param {string} message @param {string} hint */
function usage(message, hint) {
  return new KnownFailure('E_USAGE', message, hint);
}

/** @param {string[]} args */
function git(...args) {
  return run('git', ...args);
}

/** What it prints. Its errors go to the terminal. @param {string} command @param {string[]} args */
function run(command, ...args) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

try {
  process.chdir(path.resolve(__dirname, '..'));
  release();
} catch (error) {
  end(error);
}
