/** `logs [what]`: prints the last log lines of a slot, a deployment (by number), the deployer or nginx. */
import path from 'node:path';
import { KnownError } from '../core/errors';
import { lastLines } from '../os/tail';
import type { DeployContext } from '../context';
import type { Options } from './run-command';
import { countOf } from './count';
import { openHere } from './run-command';

const LINES = 50;

export async function logsCommand(
  what: string | undefined,
  options: Options & { lines?: string },
): Promise<number> {
  const count = countOf(options.lines, LINES, '--lines');
  const context = openHere();
  const lines = await linesOf(context, what ?? (await context.traffic.current()).active ?? 'deployer', count);
  console.log(options.json ? JSON.stringify({ lines }, null, 2) : lines.join('\n'));
  return 0;
}

async function linesOf(context: DeployContext, what: string, count: number): Promise<string[]> {
  if (context.slots.some(({ name }) => name === what)) return context.runtime.logs(what, count);
  const file = fileNamed(what);
  if (/^\d+$/.test(what) && context.journal.get(Number(what)) === null) {
    throw new KnownError('E_USAGE', `There is no deployment ${what}.`, 'List them: npm run -s history');
  }
  if (file !== null) return lastLines(path.join(context.home.logs, file), count);
  const known = [...context.slots.map(({ name }) => name), 'deployer', 'nginx', "a deployment's number"];
  throw new KnownError('E_USAGE', `There is no log "${what}".`, `Name one of: ${known.join(', ')}.`);
}

function fileNamed(what: string): string | null {
  if (/^\d+$/.test(what)) return `deployment-${what}.log`;
  return { deployer: 'deployer.log', nginx: 'nginx-error.log' }[what] ?? null;
}
