/** Shared by all commands: opens the home and the context, prints errors and sets the exit code. */
import { jsonText, terminalText } from '../core/terminal-text';
import { ROOT } from '../home/clone-root';
import { problemLine } from '../config/load';
import type { KnownError } from '../core/errors';
import { asKnown } from '../core/errors';
import type { Home } from '../home/home';
import { resolveHome } from '../home/home';
import { asKnownOnDisk } from '../os/disk-failure';
import type { DeployContext } from '../context';
import { openContext } from '../context';

export interface Options {
  json?: boolean;
}

/** The home of this clone. Throws E_HOME. */
export function cloneHome(): Home {
  return resolveHome(ROOT, process.env);
}

/** The context of this clone's Switchyard. Throws E_NOT_STARTED. */
export function openCloneContext(): DeployContext {
  const context = openContext(cloneHome(), ROOT);
  if (context.configProblem) console.error(problemLine(context.configProblem));
  return context;
}

/** Runs a command and exits with its code. An error prints one sentence and one hint, and exits with 1. */
export async function runAndExit(options: Options, command: () => Promise<number>): Promise<never> {
  try {
    return await leave(await command());
  } catch (error) {
    const known = named(error);
    printError(options, known);
    if (known.code === 'E_INTERNAL' && process.env.DEBUG) console.error(error);
    return leave(1);
  }
}

/** Exits after all output is written: a pipe buffers only 64 KB, and its reader may be slower than the command. */
async function leave(code: number): Promise<never> {
  const written = [process.stdout, process.stderr].map(async (stream) => {
    // a closed pipe, as after `| head`, is not an error
    stream.on('error', () => undefined);
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
  });
  await Promise.all(written);
  process.exit(code);
}

/** Turns an error into a known one. With the home, it also recognises a failure of the home's disk. */
function named(error: unknown): KnownError {
  try {
    return asKnownOnDisk(cloneHome().dir, error);
  } catch {
    return asKnown(error);
  }
}

/** Prints to standard output with --json, else to standard error. */
export function printError({ json }: Options, { code, message, hint }: KnownError): void {
  if (json) console.log(jsonText({ error: { code, message, hint } }));
  else console.error(terminalText(`✗ ${message}\n  ${hint} [${code}]`));
}
