/** Checks that every slot with traffic runs the release that the journal names, and that this very process responds. */
import { short } from '../core/format';
import { isRevival } from '../core/restore-chain';
import { rollbackTarget } from '../core/rollback-target';
import { inService } from '../core/traffic-split';
import type { ProbeAnswer } from '../core/interfaces';
import type { RunningSlot, Serving } from '../core/slot';
import { builtHealthPath } from '../health/health-path';
import { probe } from '../traffic/probe';
import type { Judgement } from './finding';
import { fault, ok, warning } from './finding';
import type { DoctorContext } from './context';
import { ASK_MS } from './timeouts';

/** Fewer restarts than this may be accidents. */
const MANY_RESTARTS = 3;
/** How many of the newest deployments are searched for the failed restore. */
const ATTEMPTS = 100;

export async function checkActive(context: DoctorContext): Promise<Judgement[]> {
  const serving = context.lastLive()?.to;
  if (!serving) return [ok('nothing was made live yet')];
  if (context.table().maintenance && context.atWork() === null) return [judgeNone(context, serving)];
  // the journal's slot is checked even if the table sends traffic elsewhere
  const slots = new Set([serving.slot, ...inService(context.table())]);
  const fix = wayOut(context, serving);
  const judged = await Promise.all([...slots].map((slot) => judgeSlot(context, { ...serving, slot }, fix)));
  return judged.flat();
}

async function judgeSlot(context: DoctorContext, wanted: Serving, fix: string): Promise<Judgement[]> {
  const running = await runningIn(context, wanted.slot);
  if (running === null || running.pid === null) return judgeActive(wanted, null, null, fix);
  return judgeActive(wanted, running, await answerOf(context, running), fix);
}

/** The fix: a rollback to an earlier good release or, without one, a new process of the same release. */
function wayOut(context: DoctorContext, { commit }: Serving): string {
  const hasEarlier = rollbackTarget(context.journal().verdicts(), commit) !== null;
  return hasEarlier ? './switchyard rollback' : `./switchyard deploy ${short(commit)}`;
}

/** The fault while neither the last live release nor an earlier one starts, and users get the maintenance page. */
function judgeNone(context: DoctorContext, wanted: Serving): Judgement {
  const failed = context
    .journal()
    .history(ATTEMPTS)
    .find((each) => isRevival(each) && each.commit === wanted.commit && each.cause !== null);
  const why = failed ? `: v${wanted.version} (${short(wanted.commit)}) did not start: ${failed.cause}` : '';
  const message = `${`No release is live${why}`.replace(/\.?$/, '.')} Remove its cause, or push a commit that starts.`;
  // npm start also tries earlier good releases
  return fault(message, failed ? `./switchyard logs ${failed.id} && npm start` : 'npm start');
}

/** The process in a slot; a supervised one takes precedence over an orphan. */
export async function runningIn(context: DoctorContext, name: string): Promise<RunningSlot | null> {
  const found = (await context.running()).filter(({ slot }) => slot === name);
  return found.find(({ orphan }) => !orphan) ?? found[0] ?? null;
}

export function answerOf(context: DoctorContext, running: RunningSlot): Promise<ProbeAnswer> {
  const built = { home: context.home(), config: context.ports() };
  const port = context.slots().find(({ name }) => name === running.slot)?.port;
  return probe({ port, path: builtHealthPath(built, running.commit), timeoutMs: ASK_MS });
}

/** @param fix the command that replaces an unhealthy process */
export function judgeActive(
  { slot, commit, version }: Serving,
  running: RunningSlot | null,
  answer: ProbeAnswer | null,
  fix: string,
): Judgement[] {
  const wanted = `v${version} (${short(commit)})`;
  if (running === null || answer === null) {
    return [fault(`Nothing runs in ${slot}, which should run ${wanted}.`, 'npm start')];
  }
  if (running.commit !== commit) {
    const message = `${short(running.commit)} runs in ${slot}, but the journal says ${wanted}.`;
    return [fault(message, `./switchyard deploy ${short(commit)}`)];
  }
  if (answer.status !== 200 || answer.instance !== running.instance) {
    const message = `${slot} (pid ${running.pid}) fails its health check: ${answer.message}.`;
    return [fault(message, fix)];
  }
  if (running.orphan) {
    return [fault(`${slot} would not be restarted: the PM2 that started it has died.`, 'npm start')];
  }
  if (running.restarts >= MANY_RESTARTS) {
    return [warning(`${slot} was restarted ${running.restarts} times.`, `./switchyard logs ${slot}`)];
  }
  return [ok(`${slot}: ${wanted}, pid ${running.pid}, ${answer.ms} ms`)];
}
