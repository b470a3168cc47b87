/** The webhook's secret: there, good, and the one that the deployer has loaded. It is never shown. */
import { readSecret } from '../home/webhook-secret';
import { postPing } from '../client/post-webhook';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { DoctorContext } from './context';
import { ASK_MS } from './timeouts';

const REFUSED = 401;

export async function checkSecret(context: DoctorContext): Promise<Judgement[]> {
  // throws E_SECRET
  const secret = readSecret(context.home());
  const { port } = context.ports().deployer;
  const status = await postPing({ port, secret, timeoutMs: ASK_MS }).catch(() => null);
  return judgeSecret(status);
}

/** @param status what the deployer has answered to a ping signed with it; null for nothing */
export function judgeSecret(status: number | null): Judgement[] {
  if (status === null) return [ok('good')];
  if (status !== REFUSED) return [ok('good, and the deployer has the same')];
  const message = 'The deployer has loaded another secret than the one in the home.';
  return [fault(message, 'npm run -s pm2 -- restart deployer')];
}
