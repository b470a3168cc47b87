import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { endProcesses, processesWith } from '../../deploy/os/process-table';
import { createPm2Runtime } from '../../deploy/runtimes/pm2';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import { deployerStatus, startDeployer, stopDeployer, stopPm2 } from '../../deploy/runtimes/pm2/deployer';
import type { Pm2Fixture } from '../support/pm2';
import { answer, isGone, killPm2Daemon, pm2Fixture, release, until } from '../support/pm2';

/** A deployer that only begins a deployment: a process of its own, with the deployer's environment. */
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
  // only now nobody begins one any more: a test may have ended while its deployer just did
  const begun = processesWith('SWITCHYARD_HOME', context.home.dir).filter(({ argv }) => argv[0] === 'sleep');
  await endProcesses(begun, 0);
});

it('runs, is listed, and is gone after it was stopped', async () => {
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

it('is not one of the slots', async () => {
  await startDeployer({ home: context.home, root });

  expect(await createPm2Runtime({ home: context.home, stopSeconds: 5 }).list()).toEqual([]);
});

it('knows its home and its clone, and nothing of the secrets in the shell that started it', async () => {
  process.env.WEBHOOK_SECRET = 'not for anybody';
  try {
    const pid = await startDeployer({ home: context.home, root });

    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    expect(environment).toEqual(
      expect.arrayContaining([`SWITCHYARD_HOME=${context.home.dir}`, `SWITCHYARD_ROOT=${root}`]),
    );
    expect(environment.join()).not.toMatch(/WEBHOOK_SECRET|not for anybody/);
  } finally {
    delete process.env.WEBHOOK_SECRET;
  }
});

it('is started again after kill -9, and the deployment that it had begun goes on', async () => {
  const pid = await startDeployer({ home: context.home, root });
  const deployment = await deploymentPid();

  process.kill(pid, 'SIGKILL');

  const again = await until(async () => {
    const status = await deployerStatus(context);
    return status?.pid && status.restarts === 1 ? status : undefined;
  });
  expect(again.pid).not.toBe(pid);
  expect(isGone(deployment)).toBe(false);
});

it('can be replaced while a deployment goes on', async () => {
  const before = await startDeployer({ home: context.home, root });
  const deployment = await deploymentPid();

  const after = await startDeployer({ home: context.home, root });

  expect(isGone(before)).toBe(true);
  expect(await deployerStatus(context)).toMatchObject({ pid: after, restarts: 0 });
  expect(isGone(deployment)).toBe(false);
});

it("is seen as an orphan when PM2's daemon is killed, and the next start ends it", async () => {
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
  ])('leaves nothing when its daemon %s', async (_how, harm) => {
    const deployer = await startDeployer({ home: context.home, root });
    await deploymentPid();
    const slot = await createPm2Runtime({ home: context.home, stopSeconds: 5 }).start(
      context.green,
      release(context),
      'x',
    );
    await answer(context.green);
    const daemon = pm2Daemons(context.home)[0]?.pid ?? null;
    harm();

    await stopPm2({ home: context.home, stopSeconds: 5 });

    expect([deployer, slot.pid, daemon].map(isGone)).toEqual([true, true, true]);
    expect(pm2Daemons(context.home)).toEqual([]);
  });

  it('does nothing where none was started', async () => {
    await expect(stopPm2({ home: context.home, stopSeconds: 5 })).resolves.toBeUndefined();
  });
});

function deploymentPid(): Promise<number> {
  return until(() => readDeploymentPid());
}

function readDeploymentPid(): number | undefined {
  try {
    return Number(readFileSync(path.join(root, 'deployment.pid'), 'utf8'));
  } catch {
    return undefined;
  }
}
