/** The standby, which gets the requests when the active slot crashes: it lives. */
import { short } from '../core/format';
import { deployTo } from '../core/pool';
import type { ProbeAnswer } from '../core/seams';
import type { RunningSlot } from '../core/types';
import { containerOf } from '../runtimes/compose-definitions';
import { slotAppName } from '../runtimes/pm2-definitions';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { Patient } from './patient';
import { answerOf, runningIn } from './slots';

export async function checkStandby(patient: Patient): Promise<Judgement[]> {
  const { standby } = patient.table();
  if (standby === null) return [ok('none: the next deployment leaves one')];
  const running = await runningIn(patient, standby);
  const alive = running !== null && running.pid !== null;
  const { runtime, name } = patient.ports();
  const live = patient.lastLive()?.to?.commit ?? 'HEAD';
  const mends = runtime === 'compose' ? containerMends(name, standby, live) : pm2Mends(standby);
  return judgeStandby(standby, running, alive ? await answerOf(patient, running) : null, mends);
}

/** @param mends what starts it again: where nothing of it is left, and where it is still known */
export function judgeStandby(
  slot: string,
  running: RunningSlot | null,
  answer: ProbeAnswer | null,
  mends: StandbyMends,
): Judgement[] {
  if (running && answer?.status === 200 && answer.instance === running.instance) {
    return [ok(`${slot}: ${short(running.commit)}, pid ${running.pid}`)];
  }
  const why = answer === null ? 'it does not run' : answer.said;
  const said = `${slot} stands behind the active slot, but would not take over: ${why}.`;
  return [fault(said, running && !running.orphan ? mends.known : mends.gone)];
}

export interface StandbyMends {
  gone: string;
  known: string;
}

export function pm2Mends(slot: string): StandbyMends {
  const app = slotAppName(slot);
  const start = `npm run -s pm2 -- start ecosystem.config.js --only ${app}`;
  // PM2 would start again what it has already as it was
  return { gone: start, known: `npm run -s pm2 -- delete ${app} && ${start}` };
}

/** @param live goes live in that slot, and the one that is live now stands behind it */
export function containerMends(name: string, slot: string, live: string): StandbyMends {
  return { gone: deployTo(slot, short(live)), known: `docker restart ${containerOf(name, slot)}` };
}
