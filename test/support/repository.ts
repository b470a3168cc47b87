/** A small project in a git repository of its own, for tests of git and prepare. No registry is needed. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../../deploy/home';
import { homeAt } from '../../deploy/home';
import { tempHome } from './temp-home';

export interface Repository {
  dir: string;
  git(...args: string[]): string;
  write(file: string, text: string | object): void;
  /** Commits everything, and returns the commit's id. */
  commit(message?: string): string;
  /** Packs a package `name` into vendor/, names it in package.json and locks it. */
  depend(name: string, version: string, files?: Record<string, string>): void;
  lock(): void;
}

/** A home with its folders, and a clone beside it; both are gone after the test. */
export function homeAndClone(): { home: Home; clone: Repository; top: string } {
  const top = tempHome();
  const home = homeAt(path.join(top, 'home'));
  for (const folder of [home.dir, home.logs, home.releases, home.modules]) mkdirSync(folder);
  return { home, clone: repository(path.join(top, 'clone')), top };
}

export function repository(dir: string): Repository {
  mkdirSync(dir, { recursive: true });
  const run = (program: string, args: string[], cwd = dir): string =>
    execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const git = (...args: string[]): string =>
    run('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', ...args]);
  const write = (file: string, text: string | object): void => {
    mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    writeFileSync(path.join(dir, file), typeof text === 'string' ? text : JSON.stringify(text, null, 2));
  };
  const lock = (): void => {
    run('npm', ['install', '--package-lock-only', '--offline', '--no-audit', '--no-fund']);
  };
  git('init', '--quiet', '--initial-branch=main');

  return {
    dir,
    git,
    write,
    lock,
    commit: (message = 'a change') => {
      git('add', '-A');
      git('commit', '--quiet', '--allow-empty', '-m', message);
      return git('rev-parse', 'HEAD');
    },
    depend: (name, version, files = { 'index.js': `module.exports = '${version}';` }) => {
      const source = path.join(dir, '..', `${name}-source`);
      rmSync(source, { recursive: true, force: true });
      mkdirSync(source);
      writeFileSync(path.join(source, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
      for (const [file, text] of Object.entries(files)) writeFileSync(path.join(source, file), text);
      mkdirSync(path.join(dir, 'vendor'), { recursive: true });
      run('npm', ['pack', '--silent', '--pack-destination', path.join(dir, 'vendor')], source);
      const manifest = path.join(dir, 'package.json');
      if (!existsSync(manifest)) write('package.json', { name: 'app', version: '1.0.0', private: true });
      run('npm', ['pkg', 'set', `dependencies.${name}=file:vendor/${name}-${version}.tgz`]);
      lock();
    },
  };
}
