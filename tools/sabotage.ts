/**
 * `npm run sabotage`: breaks one promise at a time in a copy of this tree, and runs the test that guards it. A test
 * that stays green proves nothing and fails this command, and so does a row that cannot be applied. `npm run sabotage
 * -- 3` runs those of one invariant.
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
import { SABOTAGES, type Sabotage } from '../test/sabotages';

const ROOT = path.resolve(__dirname, '..');

type Verdict = 'red' | 'GREEN' | 'BROKEN';

export async function main([invariant]: string[]): Promise<void> {
  const chosen = SABOTAGES.filter((each) => invariant === undefined || String(each.invariant) === invariant);
  const copy = mkdtempSync(path.join(tmpdir(), 'switchyard-sabotage-'));
  try {
    chmodSync(copy, 0o755);
    copyTree(copy);
    const failed = await runAll(chosen, copy);
    console.log(`${chosen.length - failed} passed, ${failed} failed`);
    if (failed > 0 || chosen.length === 0) process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Returns the number of rows that did not turn their test red. */
async function runAll(sabotages: Sabotage[], copy: string): Promise<number> {
  const unharmed = new Map<string, boolean>();
  let failed = 0;
  for (const sabotage of sabotages) {
    const startedAt = Date.now();
    const guard = JSON.stringify([sabotage.test, sabotage.name]);
    if (!unharmed.has(guard)) unharmed.set(guard, await passes(copy, sabotage));
    const { verdict, why } = unharmed.get(guard)
      ? await verdictOf(sabotage, copy)
      : { verdict: 'BROKEN' as const, why: 'red without any sabotage' };
    if (verdict !== 'red') failed += 1;
    const took = duration(Date.now() - startedAt);
    const line = `${verdict.padEnd(6)}  invariant ${sabotage.invariant}: ${sabotage.what}`;
    console.log(`${line}  (${sabotage.test}, ${took})${why === '' ? '' : `\n        ${why}`}`);
  }
  return failed;
}

async function verdictOf(sabotage: Sabotage, copy: string): Promise<{ verdict: Verdict; why: string }> {
  const file = path.join(copy, sabotage.file);
  const text = readFileSync(file, 'utf8');
  if (text.split(sabotage.from).length !== 2) {
    return {
      verdict: 'BROKEN',
      why: `${sabotage.file} must contain this text exactly once: ${sabotage.from}`,
    };
  }
  try {
    writeFileSync(
      file,
      text.replace(sabotage.from, () => sabotage.to),
    );
    return { verdict: (await passes(copy, sabotage)) ? 'GREEN' : 'red', why: '' };
  } catch (error) {
    return { verdict: 'BROKEN', why: String(error) };
  } finally {
    writeFileSync(file, text);
  }
}

/** Copies the files that a commit of this working tree would contain, its packages and its build. */
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

async function passes(copy: string, { test, name }: Sabotage): Promise<boolean> {
  // unit tests run the sources
  if (!test.startsWith('test/unit/')) await ensureBuilt(copy, 'deploy', 'the kit');
  const jest = path.join(copy, 'node_modules', 'jest', 'bin', 'jest.js');
  const args = [jest, '--runInBand', '--silent', '--runTestsByPath', test, ...(name ? ['-t', name] : [])];
  return spawnSync(process.execPath, args, { cwd: copy, stdio: 'ignore' }).status === 0;
}
