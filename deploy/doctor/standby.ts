/** Checks that the standby responds, so that it can take over if the active slot crashes. */
import { short } from '../core/format';
import { deployTo } from '../core/pool';
import type { ProbeAnswer } from '../core/interfaces';
import type { RunningSlot } from '../core/slot';
import { containerOf } from '../runtimes/compose/definitions';
import { slotAppName } from '../runtimes/pm2/definitions';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { DoctorContext } from './context';
import { answerOf, runningIn } from './slots';

export async function checkStandby(context: DoctorContext): Promise<Judgement[]> {
  const { standby } = context.table();
  if (standby === null) return [ok('none until the next deployment')];
  const running = await runningIn(context, standby);
  const alive = running !== null && running.pid !== null;
  const { runtime, name } = context.ports();
  const live = context.lastLive()?.to?.commit ?? 'HEAD';
  const fixes = runtime === 'compose' ? containerFixes(name, standby, live) : pm2Fixes(standby);
  return judgeStandby(standby, running, alive ? await answerOf(context, running) : null, fixes);
}

/** @param fixes the commands that restart the standby */
export function judgeStandby(
  slot: string,
  running: RunningSlot | null,
  answer: ProbeAnswer | null,
  fixes: StandbyFixes,
): Judgement[] {
  if (running && answer?.status === 200 && answer.instance === running.instance) {
    return [ok(`${slot}: ${short(running.commit)}, pid ${running.pid}`)];
  }
  const why = answer === null ? 'it is not running' : answer.message;
  const message = `${slot} is the standby, but could not take over: ${why}.`;
  return [fault(message, running && !running.orphan ? fixes.known : fixes.gone)];
}

export interface StandbyFixes {
  /** The command if no process is left, or only an orphan. */
  gone: string;
  /** The command if PM2 or the engine still knows the slot. */
  known: string;
}

export function pm2Fixes(slot: string): StandbyFixes {
  const app = slotAppName(slot);
  const start = `npm run -s pm2 -- start ecosystem.config.js --only ${app}`;
  // without the delete, PM2 would restart the app with its old definition
  return { gone: start, known: `npm run -s pm2 -- delete ${app} && ${start}` };
}

/** @param live commit to deploy to that slot, after which the currently active slot becomes the standby */
export function containerFixes(name: string, slot: string, live: string): StandbyFixes {
  return { gone: deployTo(slot, short(live)), known: `docker restart ${containerOf(name, slot)}` };
}
