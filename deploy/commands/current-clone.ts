/** Where a person stands when they type a command. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The top folder of the git clone around the working directory, or null outside of one. */
export async function cloneHere(): Promise<string | null> {
  // npm runs scripts in the package's folder, and names the folder the person stood in
  const cwd = process.env.INIT_CWD ?? process.cwd();
  try {
    const { stdout } = await run('git', ['rev-parse', '--show-toplevel'], { cwd });
    return stdout.trim();
  } catch {
    return null;
  }
}
