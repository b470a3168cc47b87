/** Every script and tool prints its usage with --help, in a clone without packages, and does nothing else. */
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { downloaded } from '../../support/small-clone';

const ROOT = path.resolve(__dirname, '../../..');
const SCRIPTS = readdirSync(path.join(ROOT, 'scripts')).filter((name) => name.endsWith('.js'));
const TOOLS = readdirSync(path.join(ROOT, 'tools'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replace('.ts', ''));

let dir: string;
beforeEach(() => {
  dir = downloaded();
  cpSync(path.join(ROOT, 'tools'), path.join(dir, 'tools'), { recursive: true });
});

const content = (): string[] => readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
const run = (...args: string[]): string =>
  execFileSync(process.execPath, args, { cwd: dir, encoding: 'utf8' });

it.each([
  ...SCRIPTS.map((name) => [`scripts/${name}`]),
  ...TOOLS.flatMap((name) => [['tools/run.js', name]]),
])('%s %s --help', (...command) => {
  const name = command.at(-1)?.replace(/^scripts\/|\.js$/g, '');
  const before = content();

  expect(run(...command.filter(Boolean), '--help')).toMatch(
    new RegExp(`^\`(npm (run )?|node tools/run\\.js )${name}\\b[^]*\\.\\n`),
  );

  expect(content()).toEqual(before);
});

it('node tools/run.js --help lists the tools', () => {
  expect(run('tools/run.js', '--help')).toContain(TOOLS.join(', '));
});
