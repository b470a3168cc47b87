/** `history`: what the journal tells. */
import { historyLine } from '../reporters/phrases';
import type { Options } from './desk';
import { openHere } from './desk';

const SHOWN = 20;

export function historyCommand(options: Options & { limit?: string }): number {
  const { journal } = openHere();
  const deployments = journal.history(Number(options.limit ?? SHOWN));
  const incidents = journal.since(0).filter(({ entry }) => entry.type === 'incident');
  if (options.json) {
    console.log(JSON.stringify({ deployments, incidents }, null, 2));
    return 0;
  }
  for (const deployment of deployments) console.log(historyLine(deployment));
  for (const { at, entry } of incidents.slice(-SHOWN)) {
    if (entry.type === 'incident')
      console.log(`!     ${new Date(at).toISOString().replace('T', ' ').slice(0, 19)}  ${entry.message}`);
  }
  return 0;
}
