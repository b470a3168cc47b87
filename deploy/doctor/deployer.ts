/** Checks that the deployer is running, answers, has read the current configuration and is supervised by PM2. */
import { failureLine } from '../core/failure-line';
import { configFileName } from '../config/file';
import { configMark } from '../config/fingerprint';
import { deployerInfo } from '../client/control-client';
import { lastLines } from '../os/tail';
import { DEPLOYER, logFile } from '../runtimes/pm2/definitions';
import type { DeployerStatus } from '../runtimes/pm2/deployer';
import { probe } from '../traffic/probe';
import type { Judgement } from './finding';
import { fault, ok, warning } from './finding';
import type { DoctorContext } from './context';
import { ASK_MS } from './timeouts';

const LINES = 20;

export async function checkDeployer(context: DoctorContext): Promise<Judgement[]> {
  const home = context.home();
  const asked = probe({ socketPath: home.socket, path: '/health', timeoutMs: ASK_MS });
  const [answer, status] = await Promise.all([asked, context.deployer()]);
  if (answer.status === 200)
    return [
      ...judgeDeployer(status),
      ...judgeConfiguration(await readings(context), configFileName(context.root)),
    ];
  const file = logFile(home, DEPLOYER);
  const last = status?.status === 'crashed' ? failureLine(await lastLines(file, LINES)) : '';
  const message = status === null ? 'is not running' : `does not answer: ${last || answer.message}`;
  return [fault(`The deployer ${message}.`.replace(/\.\.$/, '.'), 'npm start')];
}

interface Readings {
  /** Mark of the configuration that the deployer loaded; null if it does not report one. */
  loaded: string | null;
  /** Mark of the configuration that it would load now; null if that is unreadable. */
  now: string | null;
}

async function readings(context: DoctorContext): Promise<Readings> {
  const loaded = (await deployerInfo(context.home()))?.config ?? null;
  try {
    return { loaded, now: configMark(context.config()) };
  } catch {
    return { loaded, now: null };
  }
}

export function judgeConfiguration({ loaded, now }: Readings, file: string): Judgement[] {
  if (loaded === null || now === null || loaded === now) return [];
  return [warning(`The deployer runs with an earlier configuration than ${file}.`, 'npm start')];
}

/** Judges a deployer that answers. */
export function judgeDeployer(status: DeployerStatus | null): Judgement[] {
  if (status?.orphan) {
    return [fault('The deployer would not be restarted: its PM2 has died.', 'npm start')];
  }
  return [ok(status?.pid ? `pid ${status.pid}` : 'answers')];
}
