/** Checks one of Switchyard's bare repositories for damage. */
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { gitEnvironment } from './git';

/** A check that takes longer than this is stopped, and the repository is treated as intact. */
const LIMIT_MS = 600_000;
/** Lines about oddities in how commits were made, or that fsck also prints for healthy repositories. */
const NO_DAMAGE = /^((error|warning) in (commit|tree|blob|tag) |(notice|warning|hint): |dangling |Checking )/;

/** Git's message about the damage; null if all objects are present and intact. */
export async function damageOf(repository: string, limitMs = LIMIT_MS): Promise<string | null> {
  if (hasLostPackedRefs(repository)) return 'packed-refs is empty';
  const { failed, output } = await fsck(repository, limitMs);
  if (!failed) return null;
  const lines = output.split('\n').map((line) => line.trim());
  const first = lines.find((line) => line !== '' && !NO_DAMAGE.test(line));
  return first?.replace(/^(fatal|error): /, '') ?? null;
}

/** fsck treats it as a repository without these branches, but git itself always writes a first line. */
export function hasLostPackedRefs(repository: string): boolean {
  const packed = path.join(repository, 'packed-refs');
  return existsSync(packed) && statSync(packed).size === 0;
}

function fsck(repository: string, limitMs: number): Promise<{ failed: boolean; output: string }> {
  const args = ['fsck', '--full', '--no-dangling', '--no-progress'];
  const env = { ...gitEnvironment(process.env), GIT_DIR: repository };
  // the parent folder: a repository path that is not a folder is damage too, and cannot be a working directory
  const cwd = path.dirname(repository);
  return new Promise((resolve) => {
    execFile('git', args, { cwd, env, timeout: limitMs }, (error, stdout, stderr) => {
      // git could not be started at all
      const why = error !== null && typeof error.code === 'string' ? error.message : '';
      resolve({ failed: error !== null && error.killed !== true, output: `${stderr}${stdout}${why}` });
    });
  });
}
