/** A warm rollback, in the deployer and as a command; and the deployment of a commit that was built before. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clone } from '../clone';
import { summarize, type Summary } from '../statistics';
import type { Bench } from '../types';

const REST_MS = 1500;

export interface RollbackResult {
  inDeployerMs: Summary;
  asCommandMs: Summary;
  builtBeforeMs: Summary;
}

export async function rollback({ quick, log }: Bench, clone: Clone): Promise<RollbackResult> {
  const times = quick ? 1 : 8;
  const inDeployer: number[] = [];
  const asCommand: number[] = [];
  const builtBefore: number[] = [];
  for (let count = 1; count <= times; count++) {
    log(`rollback ${count} of ${times}`);
    await sleep(REST_MS);
    const startedAt = performance.now();
    await clone.run('npm', ['run', '-s', 'rollback']);
    asCommand.push(performance.now() - startedAt);
    inDeployer.push(msToLive(clone));
    await sleep(REST_MS);
    await clone.run('npm', ['run', '-s', 'deploy']);
    builtBefore.push(msToLive(clone));
  }
  return {
    inDeployerMs: summarize(inDeployer),
    asCommandMs: summarize(asCommand),
    builtBeforeMs: summarize(builtBefore),
  };
}

function msToLive(clone: Clone): number {
  const { state, cause, liveAt, createdAt } = clone.last().deployment;
  if (state !== 'succeeded' || liveAt === null) throw new Error(`it did not go live: ${cause}`);
  return liveAt - createdAt;
}
