/** Checks that users reach the active release: its health path, through nginx. */
import { short } from '../core/format';
import type { ProbeAnswer } from '../core/interfaces';
import type { Serving } from '../core/slot';
import { builtHealthPath } from '../health/health-path';
import { probe } from '../traffic/probe';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { DoctorContext } from './context';
import { ASK_MS } from './timeouts';

export async function checkUsers(context: DoctorContext): Promise<Judgement[]> {
  const serving = context.lastLive()?.to;
  if (!serving) return [ok('nothing was made live yet')];
  const config = context.ports();
  const path = builtHealthPath({ home: context.home(), config }, serving.commit);
  return judgeUsers(
    serving,
    config.http.port,
    await probe({ port: config.http.port, path, timeoutMs: ASK_MS }),
  );
}

export function judgeUsers(serving: Serving, port: number, answer: ProbeAnswer): Judgement[] {
  const url = `http://localhost:${port}`;
  if (answer.status === 200 && answer.commit === serving.commit) {
    return [ok(`${url} answers with ${short(serving.commit)} in ${answer.ms} ms`)];
  }
  const message = `${url} answers ${answer.message}, though ${serving.slot} is healthy.`;
  return [fault(message, './switchyard logs nginx')];
}
