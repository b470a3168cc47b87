/** Posts two pings through nginx as GitHub would: the signed one must be accepted, the forged one refused. */
import { randomBytes } from 'node:crypto';
import { readSecret } from '../home/webhook-secret';
import { postPing } from '../client/post-webhook';
import type { Deliveries } from '../http/webhook/deliveries';
import { readDeliveries } from '../http/webhook/deliveries';
import { refusedWebhooksLine } from '../reporters/phrases';
import type { Judgement } from './finding';
import { fault, ok, warning } from './finding';
import type { DoctorContext } from './context';
import { ASK_MS } from './timeouts';

export async function checkWebhook(context: DoctorContext): Promise<Judgement[]> {
  const { port } = context.ports().http;
  const signedWith = (secret: string): Promise<number> => postPing({ port, secret, timeoutMs: ASK_MS });
  const [signed, forged] = await Promise.all([
    signedWith(readSecret(context.home())),
    signedWith(randomBytes(32).toString('hex')),
  ]);
  return [...judgeAnswers(signed, forged), ...judgeDeliveries(readDeliveries(context.home()))];
}

/** The refusals since the last accepted webhook, so that a fixed problem is no longer a warning. */
export function judgeDeliveries({ accepted, refused }: Deliveries): Judgement[] {
  const open = refused.filter(({ last }) => last > (accepted ?? 0));
  return open.map((each) => warning(refusedWebhooksLine(each), each.hint));
}

/** @param signed status for the right signature @param forged status for a wrong one */
export function judgeAnswers(signed: number, forged: number): Judgement[] {
  if (forged !== 401) {
    const message = `A webhook with a wrong signature was answered with ${forged} and not refused.`;
    return [fault(message, 'npm stop && npm start')];
  }
  if (signed !== 200) {
    return [fault(`A signed ping through nginx was answered with ${signed}.`, './switchyard logs deployer')];
  }
  return [ok('a signed ping through nginx is accepted, a forged one refused')];
}
