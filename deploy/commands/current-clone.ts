/** Finds the clone that a command was typed in. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The top folder of the git clone around the working directory; null outside a clone. */
export async function currentClone(): Promise<string | null> {
  // npm runs scripts in the package's folder; INIT_CWD is the folder that npm was called in
  const cwd = process.env.INIT_CWD ?? process.cwd();
  try {
    const { stdout } = await run('git', ['rev-parse', '--show-toplevel'], { cwd });
    return stdout.trim();
  } catch {
    return null;
  }
}
