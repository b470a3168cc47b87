/**
 * `npm run sabotage`: breaks one promise at a time in a copy of this tree, and runs the test that guards it. A test that
 * stays green measures nothing, and fails this command. `npm run sabotage -- 3` runs those of one invariant.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { duration } from '../deploy/core/format';
import { ensureBuilt } from '../scripts/lib/build';
import { KnownFailure } from '../scripts/lib/known';
import { SABOTAGES, type Sabotage } from '../test/sabotages';

const ROOT = path.resolve(__dirname, '..');

export async function main([invariant]: string[]): Promise<void> {
  const chosen = SABOTAGES.filter((each) => invariant === undefined || String(each.invariant) === invariant);
  let survived = 0;
  for (const sabotage of chosen) {
    const startedAt = Date.now();
    const isRed = await turnsRed(sabotage);
    if (!isRed) survived += 1;
    const verdict = isRed ? '✓ red  ' : '✗ GREEN';
    const took = duration(Date.now() - startedAt);
    console.log(`${verdict}  invariant ${sabotage.invariant}: ${sabotage.what}  (${sabotage.test}, ${took})`);
  }
  console.log(`${chosen.length - survived} passed, ${survived} failed`);
  if (survived > 0 || chosen.length === 0) process.exitCode = 1;
}

async function turnsRed(sabotage: Sabotage): Promise<boolean> {
  const copy = mkdtempSync(path.join(tmpdir(), 'switchyard-sabotage-'));
  try {
    chmodSync(copy, 0o755);
    copyTree(copy);
    if (!passes(copy, sabotage))
      throw broken(`${sabotage.test} is red without any sabotage.`, 'Make it pass first.');
    await apply(sabotage, copy);
    return !passes(copy, sabotage);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Copies what a commit of this working tree would hold, its packages and its build. */
function copyTree(copy: string): void {
  const list = ['ls-files', '-co', '--exclude-standard', '-z'];
  const listed = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  for (const file of listed.filter((name) => name && existsSync(path.join(ROOT, name)))) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    cpSync(path.join(ROOT, file), path.join(copy, file), { recursive: true });
  }
  execFileSync('cp', ['-al', path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules')]);
  execFileSync('cp', ['-a', path.join(ROOT, 'dist'), path.join(copy, 'dist')]);
  // the clones of the tests contain what git lists
  execFileSync('git', ['init', '--quiet', '--initial-branch=main'], { cwd: copy });
}

async function apply({ file, from, to }: Sabotage, copy: string): Promise<void> {
  const place = path.join(copy, file);
  const text = readFileSync(place, 'utf8');
  if (text.split(from).length !== 2)
    throw broken(`${file} does not hold once: ${from}`, 'Correct the row in test/sabotages.js.');
  writeFileSync(
    place,
    text.replace(from, () => to),
  );
  await ensureBuilt(copy, 'deploy', 'the sabotaged kit');
}

function passes(copy: string, { test, name }: Sabotage): boolean {
  const jest = path.join(copy, 'node_modules', 'jest', 'bin', 'jest.js');
  const args = [jest, '--runInBand', '--silent', '--runTestsByPath', test, ...(name ? ['-t', name] : [])];
  return spawnSync(process.execPath, args, { cwd: copy, stdio: 'ignore' }).status === 0;
}

function broken(message: string, hint: string): Error {
  return new KnownFailure('E_INTERNAL', message, hint);
}
