/** `history`: what the journal tells, in the order in which it happened. */
import { behindStory } from '../core/behind';
import { moment } from '../core/format';
import { historyLine } from '../reporters/phrases';
import { behindNow, servingNow } from '../serving';
import type { Options } from './desk';
import { openHere } from './desk';
import { countOf } from './count';

const SHOWN = 20;

export async function historyCommand(options: Options & { limit?: string }): Promise<number> {
  const limit = countOf(options.limit, SHOWN, '--limit');
  const yard = openHere();
  const { journal } = yard;
  const deployments = journal.history(limit);
  const incidents = journal.incidents(limit);
  const behind = behindNow(yard, await servingNow(yard));
  if (options.json) {
    console.log(JSON.stringify({ behind, deployments, incidents }, null, 2));
    return 0;
  }
  // in the order in which it was written, whatever the clock said
  const told = [
    ...deployments.map((each) => ({ event: journal.firstEvent(each.id), line: historyLine(each) })),
    ...incidents.map(({ id, at, message }) => ({ event: id, line: `!      ${moment(at)}  ${message}` })),
  ];
  told.sort((a, b) => b.event - a.event);
  if (behind) console.log(`! ${behindStory(behind)}`);
  for (const { line } of told.slice(0, limit)) console.log(line);
  return 0;
}
