/**
 * `npm run release -- minor`: moves the unreleased lines of CHANGELOG.md under the next version and today's date, commits
 * and tags. It pushes nothing, and needs neither the network nor an earlier tag.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { KnownFailure } from '../scripts/lib/known';

const STEPS = ['patch', 'minor', 'major'];
const CHANGELOG = 'CHANGELOG.md';
const FILES = ['package.json', 'package-lock.json', CHANGELOG];
const UNRELEASED = '## Unreleased';

/** Releases the repository of the current folder. */
export function main([step = '']: string[]): void {
  if (!STEPS.includes(step))
    throw usage('Name the kind of release.', `npm run release -- ${STEPS.join('|')}`);
  process.chdir(git('rev-parse', '--show-toplevel'));
  if (git('status', '--porcelain') !== '')
    throw usage('There are uncommitted changes.', 'Commit them, then run it again.');
  const changelog = readFileSync(CHANGELOG, 'utf8');
  if (!hasUnreleased(changelog))
    throw usage(
      'CHANGELOG.md lists no unreleased change.',
      `Add a line below "${UNRELEASED}" and commit it.`,
    );
  try {
    const tag = run('npm', 'version', step, '--no-git-tag-version');
    writeFileSync(CHANGELOG, released(changelog, tag.slice(1), new Date()));
    if (git('tag', '--list', tag) !== '')
      throw usage(`The tag ${tag} already exists.`, `Inspect it: git show ${tag}`);
    git('commit', '--quiet', '--message', `chore(release): ${tag}`, '--', ...FILES);
    git('tag', '--annotate', '--message', tag, tag);
    console.log(`✓ ${tag}: committed and tagged. Publish it: git push --follow-tags`);
  } catch (error) {
    git('checkout', '--quiet', 'HEAD', '--', ...FILES);
    throw error;
  }
}

function hasUnreleased(changelog: string): boolean {
  const [, section = ''] = changelog.split(`\n${UNRELEASED}\n`);
  const [changes = ''] = section.split(/^## /m);
  return /^- /m.test(changes);
}

/** The changelog after the release. */
function released(changelog: string, version: string, date: Date): string {
  const heading = `## ${version} - ${date.toISOString().slice(0, 10)}`;
  return changelog.replace(`\n${UNRELEASED}\n`, `\n${UNRELEASED}\n\n${heading}\n`);
}

function usage(message: string, hint: string): Error {
  return new KnownFailure('E_USAGE', message, hint);
}

function git(...args: string[]): string {
  return run('git', ...args);
}

/** Returns the program's standard output. Its errors go to the terminal. */
function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}
