import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stopProcesses, processesWith } from '../../deploy/os/process-table';
import { createPm2Runtime } from '../../deploy/runtimes/pm2';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import { deployerStatus, startDeployer, stopDeployer, stopPm2 } from '../../deploy/runtimes/pm2/deployer';
import type { Pm2Fixture } from '../support/pm2';
import { answer, isGone, killPm2Daemon, pm2Fixture, release } from '../support/pm2';
import { until } from '../support/until';

/** A deployer that only starts a deployment: a separate process with the deployer's environment. */
const TINY_DEPLOYER = `
  const { spawn } = require('node:child_process');
  const fs = require('node:fs');
  const file = process.env.SWITCHYARD_ROOT + '/deployment.pid';
  if (!fs.existsSync(file)) {
    const deployment = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    fs.writeFileSync(file + '.new', String(deployment.pid));
    fs.renameSync(file + '.new', file);
  }
  setInterval(() => {}, 1000);
`;

let context: Pm2Fixture;
let root: string;

beforeEach(async () => {
  context = await pm2Fixture();
  root = path.join(context.dir, 'clone');
  mkdirSync(path.join(root, 'dist', 'deploy'), { recursive: true });
  writeFileSync(path.join(root, 'dist', 'deploy', 'daemon.js'), TINY_DEPLOYER);
});

afterEach(async () => {
  await context.clear();
  // after the deployer is gone: it may have started a deployment while its test ended
  const started = processesWith('SWITCHYARD_HOME', context.home.dir).filter(
    ({ argv }) => argv[0] === 'sleep',
  );
  await stopProcesses(started, 0);
});

it('the deployer starts, is listed, and is gone after a stop', async () => {
  const pid = await startDeployer({ home: context.home, root });

  expect(await deployerStatus(context)).toEqual({
    pid,
    restarts: 0,
    status: 'online',
    exitCode: null,
    orphan: false,
  });
  await stopDeployer(context);
  expect(isGone(pid)).toBe(true);
  expect(await deployerStatus(context)).toBeNull();
});

it('the deployer is not listed as a slot', async () => {
  await startDeployer({ home: context.home, root });

  expect(await createPm2Runtime({ home: context.home, stopSeconds: 5 }).list()).toEqual([]);
});

it('the deployer gets its home and its clone, but no secret of the shell that started it', async () => {
  process.env.WEBHOOK_SECRET = 'a secret';
  try {
    const pid = await startDeployer({ home: context.home, root });

    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    expect(environment).toEqual(
      expect.arrayContaining([`SWITCHYARD_HOME=${context.home.dir}`, `SWITCHYARD_ROOT=${root}`]),
    );
    expect(environment.join()).not.toMatch(/WEBHOOK_SECRET|a secret/);
  } finally {
    delete process.env.WEBHOOK_SECRET;
  }
});

it('the deployer is restarted after kill -9, and its deployment continues', async () => {
  const pid = await startDeployer({ home: context.home, root });
  const deployment = await deploymentPid();

  process.kill(pid, 'SIGKILL');

  const again = await until('the restarted deployer', async () => {
    const status = await deployerStatus(context);
    return status?.pid && status.restarts === 1 ? status : undefined;
  });
  expect(again.pid).not.toBe(pid);
  expect(isGone(deployment)).toBe(false);
});

it('the deployer can be replaced while a deployment continues', async () => {
  const before = await startDeployer({ home: context.home, root });
  const deployment = await deploymentPid();

  const after = await startDeployer({ home: context.home, root });

  expect(isGone(before)).toBe(true);
  expect(await deployerStatus(context)).toMatchObject({ pid: after, restarts: 0 });
  expect(isGone(deployment)).toBe(false);
});

it("the deployer is listed as an orphan when PM2's daemon is killed, and the next start stops it", async () => {
  const orphan = await startDeployer({ home: context.home, root });
  await deploymentPid();

  killPm2Daemon(context);

  expect(await deployerStatus(context)).toMatchObject({ pid: orphan, orphan: true });
  const after = await startDeployer({ home: context.home, root });
  expect(isGone(orphan)).toBe(true);
  expect(await deployerStatus(context)).toMatchObject({ pid: after, orphan: false });
});

describe('stopping PM2', () => {
  it.each([
    ['runs', () => {}],
    ['was killed', () => killPm2Daemon(context)],
    ['hangs', () => pm2Daemons(context.home).forEach(({ pid }) => process.kill(pid, 'SIGSTOP'))],
  ])('leaves no process when its daemon %s', async (_how, disturb) => {
    const deployer = await startDeployer({ home: context.home, root });
    await deploymentPid();
    const slot = await createPm2Runtime({ home: context.home, stopSeconds: 5 }).start(
      context.green,
      release(context),
      'x',
    );
    await answer(context.green);
    const daemon = pm2Daemons(context.home)[0]?.pid ?? null;
    disturb();

    await stopPm2({ home: context.home, stopSeconds: 5 });

    expect([deployer, slot.pid, daemon].map(isGone)).toEqual([true, true, true]);
    expect(pm2Daemons(context.home)).toEqual([]);
  });

  it('does nothing when PM2 was never started', async () => {
    await expect(stopPm2({ home: context.home, stopSeconds: 5 })).resolves.toBeUndefined();
  });
});

function deploymentPid(): Promise<number> {
  return until('the deployment', readDeploymentPid);
}

function readDeploymentPid(): number | undefined {
  try {
    return Number(readFileSync(path.join(root, 'deployment.pid'), 'utf8'));
  } catch {
    return undefined;
  }
}
