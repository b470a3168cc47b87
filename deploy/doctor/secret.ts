/** The webhook's secret: there, good, and the one that the deployer has loaded. It is never shown. */
import { readSecret } from '../secret';
import { postPing } from '../webhook/post';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { Patient } from './patient';
import { ASK_MS } from './patience';

const REFUSED = 401;

export async function checkSecret(patient: Patient): Promise<Judgement[]> {
  // throws E_SECRET
  const secret = readSecret(patient.home());
  const { port } = patient.ports().deployer;
  const status = await postPing({ port, secret, timeoutMs: ASK_MS }).catch(() => null);
  return judgeSecret(status);
}

/** @param status what the deployer has answered to a ping signed with it; null for nothing */
export function judgeSecret(status: number | null): Judgement[] {
  if (status === null) return [ok('good')];
  if (status !== REFUSED) return [ok('good, and the deployer has the same')];
  const said = 'The deployer has loaded another secret than the one in the home.';
  return [fault(said, 'npm run -s pm2 -- restart deployer')];
}
