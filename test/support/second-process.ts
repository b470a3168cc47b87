/** Starts a real second process that runs one of the test programs. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterwards } from './temp-home';

/** Starts `test/support/programs/<program>` and kills it at the end of the test if it is still running. */
export function startProgram(program: string, ...args: string[]): ChildProcess {
  return startTypeScript(path.join(__dirname, 'programs', program), args, process.env);
}

/** The same for any TypeScript file; its stderr is discarded. @param rights of another user, for root */
export function startTypeScript(
  file: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  rights: { uid?: number; gid?: number } = {},
): ChildProcess {
  const hook = path.resolve(__dirname, '../../tools/load-typescript.js');
  const child = spawn(process.execPath, ['--require', hook, file, ...args], {
    env,
    ...rights,
    // with an IPC channel, like a forked process
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  afterwards(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

/** Waits for the first output and returns it. */
export async function firstOutput(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return chunk.toString('utf8').trim();
}
