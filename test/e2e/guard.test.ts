/** PM2's daemon and the deployer are killed at the same time, and the guard must restore them without an operator. */
import { setTimeout as sleep } from 'node:timers/promises';
import { guardProcesses } from '../../deploy/deployer/guard-process';
import { isAlive } from '../../deploy/os/process-table';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import { deployerStatus } from '../../deploy/runtimes/pm2/deployer';
import { masterOf } from '../../deploy/traffic/nginx-processes';
import { deployerPid, deployersOf, incidents, kill, lastEvent, survivorsOf } from '../support/crash';
import { untilHealthy } from '../support/doctor';
import { startReaders, type Load } from '../support/load';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

/** A guard acts within this time or not at all. */
const GUARD_ACTS_WITHIN_MS = 4000;

let clone: TinyClone;
let load: Load | undefined;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 }, schedules: { poll: null, prune: null, rotate: null } });
});
beforeEach(async () => {
  expect((await clone.start()).code).toBe(0);
  await until('a guard', () => guardProcesses(clone.home).length === 1);
});
afterEach(() => load?.stop());
afterAll(() => clone.cleanUp());

async function killPm2AndDeployer(): Promise<void> {
  const deployer = await deployerPid(clone);
  for (const { pid } of pm2Daemons(clone.home)) kill(pid);
  kill(deployer);
}

async function untilSupervised(): Promise<void> {
  await until('a deployer under PM2', async () => {
    const status = await deployerStatus({ home: clone.home });
    return status?.orphan === false && status.pid !== null;
  });
  await untilHealthy(clone);
}

it("the guard restarts PM2's daemon and the deployer, and users lose no request", async () => {
  const before = lastEvent(clone);
  const { commit } = await clone.serving();
  load = startReaders(clone.ports.http, '/version', { pauseMs: 5 });
  await load.more(50);

  await killPm2AndDeployer();

  await untilSupervised();
  expect((await load.stop()).failed).toEqual([]);
  expect(await clone.serving()).toMatchObject({ commit });
  expect(incidents(clone, before)).toContain(
    "PM2's daemon and the deployer were gone: both were started again",
  );
});

it("the guard also restores nginx and the active slot if they are killed with PM2's daemon and the deployer", async () => {
  const { commit, pid } = await clone.serving();
  const master = masterOf(clone.home);

  await killPm2AndDeployer();
  kill(master);
  kill(pid);

  await untilSupervised();
  expect(await clone.serving()).toMatchObject({ commit });
});

it("the guard restarts PM2's daemon when it is killed while the next deployer is loading", async () => {
  const before = await deployerPid(clone);
  for (const { pid } of pm2Daemons(clone.home)) kill(pid);
  const starting = await until('the next deployer alone', () => {
    const deployers = deployersOf(clone.home);
    return deployers.every(({ pid }) => pid !== before) && deployers[0];
  });

  kill(starting.parent);

  await untilSupervised();
});

it('the deployer restarts a killed guard', async () => {
  const [guard] = guardProcesses(clone.home);

  kill(guard?.pid);

  await until('another guard', () => guardProcesses(clone.home).some(({ pid }) => pid !== guard?.pid));
  expect(guardProcesses(clone.home)).toHaveLength(1);
});

it('the guard starts nothing after npm stop, not even processes killed just before', async () => {
  const [guard] = guardProcesses(clone.home);
  await killPm2AndDeployer();

  expect((await clone.switchyard('stop')).code).toBe(0);

  expect(guard && isAlive(guard)).toBe(false);
  expect(survivorsOf(clone.home)).toEqual([]);
  await sleep(GUARD_ACTS_WITHIN_MS);
  expect(survivorsOf(clone.home)).toEqual([]);
});
