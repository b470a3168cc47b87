/** `promote [id]`, `abort [id]`, `pause [id]`, `resume [id]`: sends an operator request and prints its result. */
import { jsonText } from '../core/terminal-text';
import { requestOperation } from '../client/control-client';
import { KnownError } from '../core/errors';
import { isOver } from '../core/transitions';
import type { Deployment, OperatorRequest } from '../core/deployment';
import { reporterFor } from '../reporters';
import { abortedLines, isUndoing } from '../reporters/phrases';
import type { Reporter } from '../reporters/reporter';
import { words } from '../reporters/words';
import { driftNow, servingNow } from '../health/serving';
import type { DeployContext } from '../context';
import type { Options } from './run-command';
import { openCloneContext } from './run-command';
import { followAndPrint, reportEnd } from './request';

/** Exit code 0 when the deployment succeeded. */
async function promoteCommand(id: string | undefined, options: Options): Promise<number> {
  const { context, reporter, ended } = await requestOf('promote', id, options);
  return reportEnd(context, reporter, ended);
}

/** Exit code 0 if the deployment was aborted, 1 if it finished before the abort. */
async function abortCommand(id: string | undefined, options: Options): Promise<number> {
  const { context, reporter, ended } = await requestOf('abort', id, options);
  const serving = await servingNow(context);
  const aborted = ended.state === 'aborted';
  if (aborted && !options.json) reporter.say(abortedLines(ended, serving));
  else reporter.end(ended, serving, driftNow(context, serving));
  return aborted ? 0 : 1;
}

/** Exit code 0 if the canary now stays at its share. */
async function pauseCommand(id: string | undefined, options: Options): Promise<number> {
  const { reporter, ended } = await requestOf('pause', id, options, ({ state }) => state === 'holding');
  const paused = ended.state === 'holding';
  if (options.json) console.log(jsonText({ id: ended.id, state: ended.state, paused }));
  else
    reporter.say([
      paused
        ? `✓ ${words().paused(ended.id)}`
        : `✗ ${words().notPaused(ended.id, words().states[ended.state])}`,
    ]);
  return paused ? 0 : 1;
}

/** Follows the resumed canary: exit code 0 if it goes live, 3 if it is paused again, 1 otherwise. */
async function resumeCommand(id: string | undefined, options: Options): Promise<number> {
  const isPausedAgain = ({ state, request }: Deployment): boolean => state === 'holding' && request === null;
  const { context, reporter, ended } = await requestOf('resume', id, options, isPausedAgain);
  return reportEnd(context, reporter, ended);
}

/** The commands of the operator requests. */
export const operations = {
  promote: promoteCommand,
  abort: abortCommand,
  pause: pauseCommand,
  resume: resumeCommand,
} satisfies Record<OperatorRequest, unknown>;

async function requestOf(
  wanted: OperatorRequest,
  given: string | undefined,
  options: Options,
  done: (deployment: Deployment) => boolean = () => false,
): Promise<{ context: DeployContext; reporter: Reporter; ended: Deployment }> {
  const context = openCloneContext();
  const id = idOf(given);
  // shows only events after this request
  const after = context.journal.lastEvent();
  const deployment = await requestOperation(context, wanted, id);
  const reporter = reporterFor(process.stdout, context.journal, options.json === true);
  // a promoted batch of a rolling deployment may fail again and hold again
  const until = (each: Deployment): boolean =>
    isOver(each.state) ||
    done(each) ||
    (wanted === 'promote' && each.state === 'holding' && each.request === null);
  const shown = wanted === 'abort' ? undoingOnly(reporter) : reporter;
  return { context, reporter, ended: await followAndPrint(context, deployment.id, shown, { after, until }) };
}

function undoingOnly(reporter: Reporter): Reporter {
  return { ...reporter, event: (event) => isUndoing(event.entry) && reporter.event(event) };
}

function idOf(given: string | undefined): number | null {
  if (given === undefined) return null;
  if (/^#?[1-9]\d{0,8}$/.test(given)) return Number(given.replace('#', ''));
  throw new KnownError('E_USAGE', `"${given}" is not a deployment number.`, 'List them: ./switchyard status');
}
