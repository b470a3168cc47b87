/** The standby, which gets the requests when the active slot crashes: it lives. */
import { short } from '../core/format';
import type { ProbeAnswer } from '../core/seams';
import type { RunningSlot } from '../core/types';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { Patient } from './patient';
import { answerOf, runningIn } from './slots';

export async function checkStandby(patient: Patient): Promise<Judgement[]> {
  const { standby } = patient.table();
  if (standby === null) return [ok('none: the next deployment leaves one')];
  const running = await runningIn(patient, standby);
  const alive = running !== null && running.pid !== null;
  return judgeStandby(standby, running, alive ? await answerOf(patient, running) : null);
}

export function judgeStandby(
  slot: string,
  running: RunningSlot | null,
  answer: ProbeAnswer | null,
): Judgement[] {
  if (running && answer?.status === 200 && answer.instance === running.instance) {
    return [ok(`${slot}: ${short(running.commit)}, pid ${running.pid}`)];
  }
  const app = `app-${slot}`;
  // PM2 would start again what it has already as it was
  const start = `npm run -s pm2 -- start ecosystem.config.js --only ${app}`;
  const mend = running && !running.orphan ? `npm run -s pm2 -- delete ${app} && ${start}` : start;
  const why = answer === null ? 'it does not run' : answer.said;
  return [fault(`${slot} stands behind the active slot, but would not take over: ${why}.`, mend)];
}
