/** What every command has at hand: where it stands, what it works with, how it answers. */
import { ROOT } from '../home/clone-root';
import { problemLine } from '../config/load';
import type { KnownError } from '../core/errors';
import { asKnown } from '../core/errors';
import type { Home } from '../home/home';
import { resolveHome } from '../home/home';
import { knownOn } from '../os/disk-failure';
import type { DeployContext } from '../context';
import { openContext } from '../context';

export interface Options {
  json?: boolean;
}

/** The home of this clone. Throws E_HOME. */
export function home(): Home {
  return resolveHome(ROOT, process.env);
}

/** What was started in this clone. Throws E_NOT_STARTED. */
export function openHere(): DeployContext {
  const context = openContext(home(), ROOT);
  if (context.configProblem) console.error(problemLine(context.configProblem));
  return context;
}

/** Runs a command to its exit code: 0 only on success; a known error prints one sentence and one hint. */
export async function answer(options: Options, command: () => Promise<number>): Promise<never> {
  try {
    return await leave(await command());
  } catch (error) {
    const known = named(error);
    sayError(options, known);
    if (known.code === 'E_INTERNAL' && process.env.DEBUG) console.error(error);
    return leave(1);
  }
}

/** Ends when all output is written: a pipe takes 64 KB, and its reader may be slower than the command. */
async function leave(code: number): Promise<never> {
  const written = [process.stdout, process.stderr].map(async (stream) => {
    // a reader that has closed its end, such as head, is not an error
    stream.on('error', () => undefined);
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
  });
  await Promise.all(written);
  process.exit(code);
}

/** By its home's disk, as far as the home is known. */
function named(error: unknown): KnownError {
  try {
    return knownOn(home().dir, error);
  } catch {
    return asKnown(error);
  }
}

/** On standard output for a script, else where errors go. */
export function sayError({ json }: Options, { code, message, hint }: KnownError): void {
  if (json) console.log(JSON.stringify({ error: { code, message, hint } }, null, 2));
  else console.error(`✗ ${message}\n  ${hint} [${code}]`);
}
