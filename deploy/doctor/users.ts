/** What users get: the health path through nginx, answered by the release that is to serve. */
import { short } from '../core/format';
import type { ProbeAnswer } from '../core/seams';
import type { Serving } from '../core/types';
import { builtHealthPath } from '../pipeline/health-path';
import { probe } from '../traffic/probe';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { Patient } from './patient';
import { ASK_MS } from './patience';

export async function checkUsers(patient: Patient): Promise<Judgement[]> {
  const serving = patient.lastLive()?.to;
  if (!serving) return [ok('nothing was made live yet')];
  const config = patient.ports();
  const path = builtHealthPath({ home: patient.home(), config }, serving.commit);
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
  const said = `${url} answers ${answer.said}, though ${serving.slot} is well.`;
  return [fault(said, 'npm run -s logs -- nginx')];
}
