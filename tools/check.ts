/**
 * `npm run check`: runs the checks that a change must pass before a push, side by side; `npm run lint` is the same
 * without the tests. The output of a failed check is printed in full, and the exit code is then 1. `npm run check --
 * types tests` runs a part.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { duration } from '../deploy/core/format';
import { KnownFailure } from '../scripts/lib/known';

const ROOT = path.resolve(__dirname, '..');

/** The program of a package, and its arguments. */
type Command = [program: string, ...args: string[]];

/** The slowest first. */
const CHECKS: Record<string, Command> = {
  rules: ['eslint/bin/eslint.js', '.'],
  tests: ['jest/bin/jest.js', '--maxWorkers=100%', '--reporters=summary', '--selectProjects', 'unit', 'app'],
  format: ['prettier/bin/prettier.cjs', '--check', '.'],
  types: ['typescript7/bin/tsc'],
  'dead-code': ['knip/bin/knip.js'],
  rooms: ['dependency-cruiser/bin/dependency-cruise.mjs', 'deploy', 'scripts', 'tools'],
};

export async function main(args: string[]): Promise<void> {
  const checks = chosen(args);
  console.log(`${checks.map(([name]) => name).join(', ')} …`);
  const results = await Promise.all(checks.map(([name, command]) => run(name, command)));
  const failed = checks.filter((_, index) => !results[index]).map(([name]) => name);
  if (failed.length === 0) return;
  console.log(`✗ failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

function chosen(names: string[]): [name: string, command: Command][] {
  const unknown = names.find((name) => !Object.hasOwn(CHECKS, name));
  if (unknown === undefined)
    return Object.entries(CHECKS).filter(([name]) => names.length === 0 || names.includes(name));
  const known = Object.keys(CHECKS).join(', ');
  throw new KnownFailure('E_USAGE', `There is no check "${unknown}".`, `one of ${known}`);
}

/** Prints the result as soon as it is known. False if the check failed. */
function run(name: string, [program, ...args]: Command): Promise<boolean> {
  const startedAt = Date.now();
  const file = path.join(ROOT, 'node_modules', program);
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { cwd: ROOT, maxBuffer: Infinity }, (error, out, err) => {
      const took = duration(Date.now() - startedAt);
      console.log(error ? `\n✗ ${name} (${took})\n\n${out}${err}` : `✓ ${name} (${took})`);
      resolve(!error);
    });
  });
}
