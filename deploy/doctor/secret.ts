/** Checks that the webhook secret is valid and that the deployer has loaded it. Never prints it. */
import { moment } from '../core/format';
import { earlierValidUntil } from '../home/secret-rotation';
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
  return judgeSecret(status, earlierValidUntil(context.home()));
}

/**
 * @param status the deployer's response to a ping signed with the secret; null without a response
 * @param earlier when the earlier secret expires, in milliseconds since 1970; null if it is not valid
 */
export function judgeSecret(status: number | null, earlier: number | null = null): Judgement[] {
  const both = earlier === null ? '' : `; the earlier one is valid until ${moment(earlier)}`;
  if (status === null) return [ok(`good${both}`)];
  if (status !== REFUSED) return [ok(`good, and the deployer uses it${both}`)];
  const message = 'The deployer uses a different secret from the one in the home.';
  return [fault(message, 'npm run -s pm2 -- restart deployer')];
}
