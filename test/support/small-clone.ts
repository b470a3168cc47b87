/** A clone with the real scripts and a kit of one file: quick to install and compile. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterwards, tempHome } from './temp-home';

const root = path.resolve(__dirname, '../..');

/** Only the scripts, without .git, as in a ZIP download. */
export function downloaded(dir = tempHome()): string {
  for (const part of ['scripts', 'bin'])
    cpSync(path.join(root, part), path.join(dir, part), { recursive: true });
  return dir;
}

/** A complete clone: a commit, the packages of the lockfile, and sources that compile to a command line. */
export function readyClone(kit: string): string {
  const dir = downloaded();
  write(dir, 'package.json', '{}');
  write(dir, 'package-lock.json', JSON.stringify({ lockfileVersion: 3, packages: { '': {} } }));
  write(dir, 'tsconfig.json', '{}');
  writeKit(dir, kit);
  mkdirSync(path.join(dir, 'node_modules'));
  const compiler = path.join('node_modules', 'typescript7');
  symlinkSync(path.join(root, compiler), path.join(dir, compiler));
  commit(dir);
  return dir;
}

/** Replaces deploy/cli.ts, the kit's only source. */
export function writeKit(dir: string, source: string): void {
  // the smallest library: loading the others takes most of a compiler run
  const options = { target: 'ES2022', lib: ['es5'], module: 'CommonJS', types: [], rootDir: '.' };
  write(dir, 'deploy/tsconfig.json', JSON.stringify({ compilerOptions: options, include: ['.'] }));
  write(dir, 'deploy/cli.ts', `declare const process: any, console: any, setInterval: any;\n${source}\n`);
}

export function write(dir: string, file: string, text: string): void {
  mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
  writeFileSync(path.join(dir, file), text);
}

export function git(dir: string, ...args: string[]): void {
  execFileSync('git', args, { cwd: dir, stdio: 'pipe' });
}

export function commit(dir: string): void {
  git(dir, 'init', '-q');
  git(
    dir,
    '-c',
    'user.name=New',
    '-c',
    'user.email=new@example.org',
    'commit',
    '-q',
    '--allow-empty',
    '-m',
    'start',
  );
}

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs Node in a clone, and kills it at the end of the test if it is still running. */
export function node(dir: string, args: string[], options: { env?: NodeJS.ProcessEnv } = {}): Running {
  const child = spawn(process.execPath, args, { cwd: dir, env: process.env, ...options });
  afterwards(() => child.kill('SIGKILL'));
  const ended = new Promise<Ended>((resolve, reject) => {
    const out = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (out.stderr += text));
    child.once('error', reject).once('close', (status) => resolve({ status, ...out }));
  });
  return { child, ended };
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
}
