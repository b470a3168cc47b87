/** `history`: what the journal tells, in the order in which it happened. */
import { moment } from '../core/format';
import { historyLine } from '../reporters/phrases';
import type { Options } from './desk';
import { openHere } from './desk';
import { countOf } from './count';

const SHOWN = 20;

export function historyCommand(options: Options & { limit?: string }): number {
  const limit = countOf(options.limit, SHOWN, '--limit');
  const { journal } = openHere();
  const deployments = journal.history(limit);
  const incidents = journal.incidents(limit);
  if (options.json) {
    console.log(JSON.stringify({ deployments, incidents }, null, 2));
    return 0;
  }
  const told = [
    ...deployments.map((deployment) => ({ at: deployment.createdAt, line: historyLine(deployment) })),
    ...incidents.map(({ at, message }) => ({ at, line: `!      ${moment(at)}  ${message}` })),
  ];
  told.sort((a, b) => b.at - a.at);
  for (const { line } of told.slice(0, limit)) console.log(line);
  return 0;
}
