/** `history`: lists deployments and incidents from the journal, newest first. */
import { jsonText, terminalText } from '../core/terminal-text';
import { moment } from '../core/format';
import { driftSummary, historyLine, refusedWebhooksLine } from '../reporters/phrases';
import { driftNow, servingNow } from '../health/serving';
import { readDeliveries } from '../http/webhook/deliveries';
import type { Options } from './run-command';
import { openCloneContext } from './run-command';
import { parseCount } from './count';

const SHOWN = 20;

export async function historyCommand(options: Options & { limit?: string }): Promise<number> {
  const limit = parseCount(options.limit, SHOWN, '--limit');
  const context = openCloneContext();
  const { journal } = context;
  const deployments = journal.history(limit);
  const incidents = journal.incidents(limit);
  const { refused } = readDeliveries(context.home);
  const behind = driftNow(context, await servingNow(context));
  if (options.json) {
    console.log(jsonText({ behind, deployments, incidents, refused }));
    return 0;
  }
  // sorted by event number, since the clock may have been set back
  const entries = [
    ...deployments.map((each) => ({ event: journal.firstEvent(each.id), line: historyLine(each) })),
    ...incidents.map(({ id, at, message }) => ({ event: id, line: `!      ${moment(at)}  ${message}` })),
  ];
  entries.sort((a, b) => b.event - a.event);
  if (behind) console.log(terminalText(`! ${driftSummary(behind)}`));
  for (const each of refused) console.log(`! ${refusedWebhooksLine(each)}`);
  for (const { line } of entries.slice(0, limit)) console.log(terminalText(line));
  return 0;
}
