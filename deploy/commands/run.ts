/** `run -- CMD`: runs a command in the environment of the live release, in this terminal. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { numberInForce } from '../config/app-environment';
import { builtRelease } from '../context';
import type { OperatorCommand } from '../core/interfaces';
import { KnownError } from '../core/errors';
import { printable } from '../core/format';
import { servingNow } from '../health/serving';
import { openCloneContext } from './run-command';

/**
 * Exit code of the command; 128 plus the signal's number if a signal killed it. Throws E_USAGE for an unknown program.
 */
export async function runCommand(argv: string[]): Promise<number> {
  const context = openCloneContext();
  const serving = await servingNow(context);
  if (serving === null) throw new KnownError('E_NOT_LIVE', 'No release is live.');
  const release = builtRelease(context, serving.commit);
  const environment = numberInForce(context.home, context.journal);
  return endOf(await context.packing.operatorCommand(argv, release, environment));
}

function endOf({ argv: [program = '', ...args], cwd, env }: OperatorCommand): Promise<number> {
  // Ctrl-C reaches the command itself, which decides what to do with it
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  return new Promise<number>((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: 'inherit' });
    child.once('error', ({ code }: NodeJS.ErrnoException) => {
      const why =
        code === 'ENOENT' ? `There is no program "${printable(program)}".` : `It did not start: ${code}.`;
      reject(new KnownError('E_USAGE', why, 'Give a program and its arguments: ./switchyard run -- node -v'));
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]));
  }).finally(() => process.off('SIGINT', ignore));
}
