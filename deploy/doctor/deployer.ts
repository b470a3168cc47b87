/** The deployer: it runs, it answers, and somebody looks after it. */
import { tellingLine } from '../core/telling';
import { lastLines } from '../runtimes/log-tail';
import { DEPLOYER, logFile } from '../runtimes/pm2-definitions';
import type { DeployerStatus } from '../runtimes/pm2-deployer';
import { probe } from '../traffic/probe';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { Patient } from './patient';
import { ASK_MS } from './patience';

const LINES = 20;

export async function checkDeployer(patient: Patient): Promise<Judgement[]> {
  const home = patient.home();
  const asked = probe({ socketPath: home.socket, path: '/health', timeoutMs: ASK_MS });
  const [answer, status] = await Promise.all([asked, patient.deployer()]);
  if (answer.status === 200) return judgeDeployer(status);
  const file = logFile(home, DEPLOYER);
  const last = status?.status === 'crashed' ? tellingLine(await lastLines(file, LINES)) : '';
  const said = status === null ? 'does not run' : `does not answer: ${last || answer.said}`;
  return [fault(`The deployer ${said}.`.replace(/\.\.$/, '.'), 'npm start')];
}

/** One that answers. */
export function judgeDeployer(status: DeployerStatus | null): Judgement[] {
  if (status?.orphan) {
    return [fault('Nobody would start the deployer again: its PM2 has died.', 'npm start')];
  }
  return [ok(status?.pid ? `pid ${status.pid}` : 'answers')];
}
