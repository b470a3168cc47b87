/**
 * Rolls back on a read-only disk, where neither the traffic table nor the journal can change. It stops the active slot,
 * because nginx then sends users to the standby.
 */
import { jsonText } from '../core/terminal-text';
import type { KnownError } from '../core/errors';
import { short } from '../core/format';
import type { Commit } from '../core/release';
import type { DeployContext } from '../context';
import type { Options } from './run-command';

/** Throws the given failure unless the standby runs this commit. */
export async function rollbackWithoutDisk(
  context: DeployContext,
  commit: Commit,
  failure: KnownError,
  { json }: Options,
): Promise<number> {
  const { active, standby } = await context.traffic.current();
  const warm = (await context.runtime.list()).find(({ slot }) => slot === standby);
  if (active === null || warm?.commit !== commit || warm.status !== 'online') throw failure;
  await context.runtime.stop(active);
  if (json) console.log(jsonText({ live: { slot: warm.slot, commit }, recorded: false }));
  else console.error(`✓ ${short(commit)} is live on ${warm.slot}\n${whatRemains(active, commit, failure)}`);
  return 0;
}

function whatRemains(stopped: string, commit: Commit, { message, hint }: KnownError): string {
  return `! ${message} Nothing was recorded: ${stopped} was stopped, and its standby answers.
  Once the disk can be written, the deployer starts ${stopped} again, so type both:
  ${hint} && ./switchyard rollback ${short(commit)}`;
}
