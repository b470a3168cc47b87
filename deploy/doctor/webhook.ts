/** The webhook end to end, as GitHub would post it: a signed ping through nginx, and one that must be refused. */
import { randomBytes } from 'node:crypto';
import { readSecret } from '../secret';
import { postPing } from '../webhook/post';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { Patient } from './patient';
import { ASK_MS } from './patience';

export async function checkWebhook(patient: Patient): Promise<Judgement[]> {
  const { port } = patient.ports().http;
  const signedWith = (secret: string): Promise<number> => postPing({ port, secret, timeoutMs: ASK_MS });
  const [signed, forged] = await Promise.all([
    signedWith(readSecret(patient.home())),
    signedWith(randomBytes(32).toString('hex')),
  ]);
  return judgeAnswers(signed, forged);
}

/** @param signed the status of the right signature's answer @param forged of the wrong one's */
export function judgeAnswers(signed: number, forged: number): Judgement[] {
  if (forged !== 401) {
    const said = `A wrongly signed webhook was answered with ${forged} and not refused.`;
    return [fault(said, 'npm stop && npm start')];
  }
  if (signed !== 200) {
    return [fault(`A signed ping through nginx was answered with ${signed}.`, 'npm run -s logs -- deployer')];
  }
  return [ok('a signed ping through nginx is taken, a forged one refused')];
}
