/** `promote [id]` and `abort [id]`: a person's word on a deployment, and what came of it. */
import { wishFor } from '../control-client';
import { KnownError } from '../core/errors';
import type { Deployment } from '../core/types';
import { reporterFor } from '../reporters';
import { abortedLines } from '../reporters/phrases';
import type { Reporter } from '../reporters/reporter';
import { behindNow, servingNow } from '../serving';
import type { Yard } from '../yard';
import type { Options } from './desk';
import { openHere } from './desk';
import { followVisibly } from './request';

/** Exit code: 0 when it went live. */
export async function promoteCommand(id: string | undefined, options: Options): Promise<number> {
  const { yard, reporter, ended } = await wish('promote', id, options);
  const serving = await servingNow(yard);
  reporter.end(ended, serving, behindNow(yard, serving));
  return ended.state === 'succeeded' ? 0 : 1;
}

/** Exit code: 0 when it was aborted, and not over before. */
export async function abortCommand(id: string | undefined, options: Options): Promise<number> {
  const { yard, reporter, ended } = await wish('abort', id, options);
  const serving = await servingNow(yard);
  const aborted = ended.state === 'aborted';
  if (aborted && !options.json) reporter.say(abortedLines(ended, serving));
  else reporter.end(ended, serving, behindNow(yard, serving));
  return aborted ? 0 : 1;
}

async function wish(
  wanted: 'promote' | 'abort',
  given: string | undefined,
  options: Options,
): Promise<{ yard: Yard; reporter: Reporter; ended: Deployment }> {
  const yard = openHere();
  const id = idOf(given);
  // what was told before is no news
  const after = yard.journal.lastEvent();
  const deployment = await wishFor(yard.home, wanted, id);
  const reporter = reporterFor(process.stdout, yard.journal, options.json === true);
  return { yard, reporter, ended: await followVisibly(yard, deployment.id, reporter, { after }) };
}

function idOf(given: string | undefined): number | null {
  if (given === undefined) return null;
  if (/^#?[1-9]\d{0,8}$/.test(given)) return Number(given.replace('#', ''));
  throw new KnownError(
    'E_USAGE',
    `"${given}" is no deployment's number.`,
    'See which there are: npm run -s status',
  );
}
