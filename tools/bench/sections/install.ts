/** How users are affected while a release is installed, tested and built: a steady rate, before and during, in turns. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from 'simple-statistics';
import type { PhaseName } from '../../../deploy/core/event';
import { until } from '../../../test/support/until';
import type { Request } from '../client';
import type { Clone } from '../clone';
import { startLoad, type Window } from '../load';
import { ratioOf, type Ratio } from '../statistics';
import type { Bench } from '../types';

const PER_SECOND = 200;
const CONNECTIONS = 16;
const PREPARED_WITHIN_MS = 300_000;
const REQUESTS: Request[] = [
  { method: 'GET', path: '/version', expect: [200] },
  { method: 'GET', path: '/', expect: [200] },
  { method: 'GET', path: '/health', expect: [200] },
  { method: 'POST', path: '/api/v1/messages', body: '{"text":"a message"}', expect: [201] },
];

type Latency = Pick<Window, 'p50' | 'p99'>;

export interface InstallResult {
  perSecond: number;
  seconds: number;
  failed: number;
  before: Latency;
  during: Latency;
  p99: Ratio;
}

export async function install({ quick, log }: Bench, clone: Clone): Promise<InstallResult> {
  const [rounds, stillMs] = quick ? [1, 500] : [7, 7000];
  // otherwise the clone's own packages would be used instead of an installation
  rmSync(path.join(clone.dir, 'node_modules', '.package-lock.json'), { force: true });
  const load = startLoad({
    port: clone.http,
    connections: CONNECTIONS,
    requests: REQUESTS,
    perSecond: PER_SECOND,
  });
  const all: { before: Window; during: Window }[] = [];
  for (let round = 1; round <= rounds; round++) {
    log(`install and build under load, ${round} of ${rounds}`);
    const before = await load.during(() => sleep(stillMs));
    const { id } = clone.last().deployment;
    const reached = (phase: PhaseName, status: string): Promise<boolean> =>
      until(phase, () => isPast(clone, id, phase, status), PREPARED_WITHIN_MS);
    changeLockfile(clone.dir, round);
    const pushing = clone.push(`other packages ${round}`);
    pushing.catch(() => undefined);
    await reached('install', 'started');
    const during = await load.during(() => reached('build', 'done'));
    await pushing;
    all.push({ before, during });
  }
  await load.stop();
  const latency = (window: 'before' | 'during'): Latency => ({
    p50: median(all.map((each) => each[window].p50)),
    p99: median(all.map((each) => each[window].p99)),
  });
  return {
    perSecond: PER_SECOND,
    seconds: median(all.map(({ during }) => during.seconds)),
    failed: all.reduce((sum, { before, during }) => sum + before.failed + during.failed, 0),
    before: latency('before'),
    during: latency('during'),
    p99: ratioOf(all.map(({ before, during }) => [during.p99, before.p99])),
  };
}

/** The same packages under another key, so that npm has to install all of them. */
function changeLockfile(dir: string, round: number): void {
  const file = path.join(dir, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as object;
  const changed = { ...manifest, overrides: { 'switchyard-bench': `${round}.0.0` } };
  writeFileSync(file, `${JSON.stringify(changed, null, 2)}\n`);
}

/** Whether a deployment after this one has reached the phase. Throws if it has failed. */
function isPast(clone: Clone, id: number, phase: PhaseName, status: string): boolean {
  const { deployment, events } = clone.last();
  if (deployment.id <= id) return false;
  if (deployment.cause) throw new Error(`the push did not go live: ${deployment.cause}`);
  return events.some(
    ({ entry }) => entry.type === 'phase' && entry.phase === phase && entry.status === status,
  );
}
