/** What is wrong with a bare repository of ours. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { gitEnvironment } from './git';

/** A repository with so much to check that this is not enough is not checked to its end. */
const LIMIT_MS = 600_000;
/** What fsck finds odd in commits that were made like that, and what it says of healthy ones. */
const NO_DAMAGE = /^((error|warning) in (commit|tree|blob|tag) |(notice|warning|hint): |dangling |Checking )/;

/** In git's words; null when all its objects are there and whole. */
export async function damageOf(repository: string, limitMs = LIMIT_MS): Promise<string | null> {
  const { failed, output } = await fsck(repository, limitMs);
  if (!failed) return null;
  const lines = output.split('\n').map((line) => line.trim());
  const first = lines.find((line) => line !== '' && !NO_DAMAGE.test(line));
  return first?.replace(/^(fatal|error): /, '') ?? null;
}

function fsck(repository: string, limitMs: number): Promise<{ failed: boolean; output: string }> {
  const args = ['fsck', '--full', '--no-dangling', '--no-progress'];
  const env = { ...gitEnvironment(process.env), GIT_DIR: repository };
  // beside it: something that is not a folder is damage too, and nothing can be started in it
  const cwd = path.dirname(repository);
  return new Promise((resolve) => {
    execFile('git', args, { cwd, env, timeout: limitMs }, (error, stdout, stderr) => {
      // git was not started at all
      const why = error !== null && typeof error.code === 'string' ? error.message : '';
      resolve({ failed: error !== null && error.killed !== true, output: `${stderr}${stdout}${why}` });
    });
  });
}
