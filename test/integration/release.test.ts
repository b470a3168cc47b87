/** `npm run release` in its own repository, with real git and npm. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempHome } from '../support/temp-home';

const RUN = path.resolve(__dirname, '../../tools/run.js');
const CHANGELOG = `# Changelog

## Unreleased

### Fixed

- A fault that users met.

## 1.0.0 - 2026-11-22

### Added

- Everything.
`;
const TODAY = new Date().toISOString().slice(0, 10);
const ENV = {
  ...process.env,
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.org',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.org',
};

let dir: string;

beforeEach(() => {
  dir = tempHome();
  const lock = { name: 'app', version: '1.0.0', lockfileVersion: 3, packages: { '': { version: '1.0.0' } } };
  write('package.json', JSON.stringify({ name: 'app', version: '1.0.0' }));
  write('package-lock.json', JSON.stringify(lock));
  write('CHANGELOG.md', CHANGELOG);
  git('init', '--quiet');
  commitAll();
});

it('npm run release moves the unreleased changes under the next version, commits and tags', () => {
  const { status } = release('minor');

  expect(status).toBe(0);
  expect(JSON.parse(read('package.json'))).toMatchObject({ version: '1.1.0' });
  expect(JSON.parse(read('package-lock.json'))).toMatchObject({ version: '1.1.0' });
  expect(read('CHANGELOG.md')).toBe(
    CHANGELOG.replace('## Unreleased\n', `## Unreleased\n\n## 1.1.0 - ${TODAY}\n`),
  );
  expect(git('log', '--format=%s', '-1')).toBe('chore(release): v1.1.0');
  expect(git('describe', '--exact-match')).toBe('v1.1.0');
  expect(git('status', '--porcelain')).toBe('');
});

it('npm run release refuses to release without changes', () => {
  release('patch');

  const { status, stderr } = release('patch');

  expect(status).toBe(1);
  expect(stderr).toContain('CHANGELOG.md lists no unreleased change.');
  expect(git('tag')).toBe('v1.0.1');
});

it('npm run release refuses uncommitted changes and leaves them alone', () => {
  write('mine.txt', 'work');

  const { status, stderr } = release('major');

  expect(status).toBe(1);
  expect(stderr).toContain('There are uncommitted changes.');
  expect(read('mine.txt')).toBe('work');
  expect(git('tag')).toBe('');
});

it('npm run release restores the files when the tag already exists', () => {
  git('tag', 'v1.1.0');

  const { status, stderr } = release('minor');

  expect(status).toBe(1);
  expect(stderr).toContain('The tag v1.1.0 already exists.');
  expect(read('CHANGELOG.md')).toBe(CHANGELOG);
  expect(git('status', '--porcelain')).toBe('');
});

it.each(['', 'patch-it', '1.2.3'])('npm run release refuses "%s" as a kind of release', (step) => {
  const { status, stderr } = release(step);

  expect(status).toBe(1);
  expect(stderr).toContain('npm run release -- patch|minor|major');
});

function release(step: string): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [RUN, 'release', step], { cwd: dir, env: ENV, encoding: 'utf8' });
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: dir, env: ENV, encoding: 'utf8' }).trim();
}

function commitAll(): void {
  git('add', '--all');
  git('commit', '--quiet', '--message', 'chore: begin');
}

function read(file: string): string {
  return readFileSync(path.join(dir, file), 'utf8');
}

function write(file: string, text: string): void {
  writeFileSync(path.join(dir, file), text);
}
