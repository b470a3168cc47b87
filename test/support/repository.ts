/** A small project in its own git repository, for tests of git and prepare. It needs no registry. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../../deploy/home/home';
import { homeAt } from '../../deploy/home/home';
import { tempHome } from './temp-home';

export interface Repository {
  dir: string;
  git(...args: string[]): string;
  write(file: string, text: string | object): void;
  /** Commits everything and returns the commit's id. */
  commit(message?: string): string;
  /** Writes package.json and package-lock.json with exactly these dependencies. */
  manifest(more?: Manifest, ...dependencies: Package[]): void;
}

export interface Package {
  name: string;
  version: string;
  /** An install.js becomes the package's install script, a bin.js its program. */
  files?: Record<string, string>;
}

/** Other fields of package.json. */
export interface Manifest {
  version?: string;
  scripts?: Record<string, string>;
  engines?: Record<string, string>;
}

/** A home with its folders, and a clone beside it; both are removed after the test. */
export function homeAndClone(): { home: Home; clone: Repository; top: string } {
  const top = tempHome();
  const home = homeAt(path.join(top, 'home'));
  for (const folder of [home.dir, home.logs, home.releases, home.modules]) mkdirSync(folder);
  return { home, clone: repository(path.join(top, 'clone')), top };
}

export function repository(dir: string): Repository {
  mkdirSync(dir, { recursive: true });
  const git = (...args: string[]): string => {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
    return run('git', [...identity, ...args], dir);
  };
  const write = (file: string, text: string | object): void => {
    mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    writeFileSync(path.join(dir, file), typeof text === 'string' ? text : JSON.stringify(text, null, 2));
  };
  git('init', '--quiet', '--initial-branch=main');

  return {
    dir,
    git,
    write,
    commit: (message = 'a change') => {
      git('add', '-A');
      git('commit', '--quiet', '--allow-empty', '-m', message);
      return git('rev-parse', 'HEAD');
    },
    manifest: (more = {}, ...packages) => {
      const top = { name: 'app', version: '1.0.0', ...more, dependencies: dependenciesOn(packages) };
      write('package.json', top);
      const locked = packages.map((one) => [`node_modules/${one.name}`, pack(dir, one)] as const);
      write('package-lock.json', {
        name: top.name,
        version: top.version,
        lockfileVersion: 3,
        requires: true,
        packages: { '': { ...top, scripts: undefined }, ...Object.fromEntries(locked) },
      });
    },
  };
}

function dependenciesOn(packages: Package[]): Record<string, string> {
  return Object.fromEntries(packages.map((one) => [one.name, `file:${tarball(one)}`]));
}

function tarball({ name, version }: Package): string {
  return `vendor/${name}-${version}.tgz`;
}

/** Creates the package's tarball and its lockfile entry; npm would take a second for each. */
function pack(dir: string, one: Package): object {
  const { name, version, files = { 'index.js': `module.exports = '${version}';` } } = one;
  const source = path.join(dir, '..', 'packing');
  mkdirSync(path.join(source, 'package'), { recursive: true });
  const hasInstallScript = files['install.js'] !== undefined || undefined;
  const scripts = hasInstallScript && { install: 'node install.js' };
  const bin = files['bin.js'] === undefined ? undefined : { [name]: 'bin.js' };
  const all = { ...files, 'package.json': JSON.stringify({ name, version, main: 'index.js', bin, scripts }) };
  for (const [file, text] of Object.entries(all)) writeFileSync(path.join(source, 'package', file), text);
  const archive = path.join(dir, tarball(one));
  mkdirSync(path.dirname(archive), { recursive: true });
  run('tar', ['-czf', archive, '-C', source, 'package'], dir);
  rmSync(source, { recursive: true });
  const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  return { version, resolved: `file:${tarball(one)}`, integrity, hasInstallScript, bin };
}

function run(program: string, args: string[], cwd: string): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}
