/** The disk fills up after the shift: nginx cannot write its log, and a bake must not treat that as healthy. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { badCause } from '../../deploy/core/rollback-target';
import type { Deployment } from '../../deploy/core/deployment';
import type { Commit } from '../../deploy/core/release';
import { untilPhase } from '../support/crash';
import { applyFix, diagnose, expectFault, untilHealthy, WITH_COMMANDS } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import type { CommandResult } from '../support/live-clone';
import { startLoad, type Load } from '../support/load';
import { lossyDisk, lossyDiskPossible, type LossyDisk } from '../support/lossy-disk';
import { needs } from '../support/needs';
import { OTHER_USER } from '../support/other-user';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(180_000);

/** Neither root nor nginx's user, so it cannot use the blocks that ext4 reserves for root. */

/** Starts only if an ordinary user can write to the disk. */
const NEEDS_DISK = {
  ...WITH_COMMANDS,
  config: { app: { start: 'more/start.js' } },
  files: {
    'more/start.js': `const { bavail, bsize } = require('node:fs').statfsSync(process.env.SWITCHYARD_DATA);
if (bavail * bsize < 65536) {
  console.error('Error: ENOSPC: no space left on device, write');
  process.exit(5);
}
require('../app/server.js');
`,
  },
};

let disk: LossyDisk;
let clone: TinyClone;
let load: Load | undefined;

needs('a disk of its own', lossyDiskPossible).describe('on a full disk', () => {
  let first: Commit;

  beforeAll(async () => {
    disk = lossyDisk();
    clone = await tinyClone(
      { bake: { seconds: 6 }, schedules: { poll: null, prune: null, rotate: null } },
      {},
      {
        parent: disk.dir,
      },
    );
    expectDone(await clone.start());
    first = (await clone.serving()).commit;
  });
  afterEach(async () => {
    await load?.stop();
    free();
  });
  afterAll(async () => {
    try {
      await clone?.cleanUp();
    } finally {
      disk.remove();
    }
  });

  it('a bake fails when users get errors that nginx cannot log, and the commit is not marked bad', async () => {
    clone.change({ files: { 'more/change.txt': 'of the bake' } });
    const commit = await clone.commit('a release');
    const pushing = clone.git('push', 'live', 'main');
    await untilIn('baking', commit);
    fill();
    clone.order(commit, 'fail-work');
    load = startLoad({
      port: clone.ports.http,
      connections: 2,
      slow: null,
      pauseMs: 50,
      mix: [{ method: 'POST', path: '/work' }],
    });

    const { text } = await pushing;

    expect((await load.stop()).failures).toBeGreaterThan(20);
    expect(text).toMatch(/The disk of \S+ is full: nginx cannot write its log/);
    expect(text).not.toContain('healthy for');
    expect((await untilIn('rolled-back', commit)).errorCode).toBe('E_DISK');
    expect(badCause(clone.deployments(), commit)).toBeNull();
    expect(await clone.serving()).toMatchObject({ commit: first });
  });

  it('doctor names the full disk, its fix shows what fills it, and the same commit then goes live', async () => {
    fill();

    const fault = await expectFault(clone, 'disk');

    expect(fault.message).toMatch(/^The disk of \S+ is full: /);
    const { text } = expectDone(await clone.shell(fault.fix ?? ''));
    expect(text).toContain(ballast());
    free();
    await untilHealthy(clone);
    const again = expectLive(await clone.switchyard('deploy'));
    expect(again.text).toContain('passed its health checks for 6 s; no user requests were seen');
  });

  it.each(['holding', 'baking'] as const)(
    'a release that becomes unhealthy while %s fails with E_DISK',
    async (state) => {
      clone.change({ files: { 'more/change.txt': state }, config: { bake: { seconds: 20 } } });
      const commit = await clone.commit('another');
      await clone.git('push', 'live', 'main:another');
      const flags = state === 'holding' ? ['--hold'] : [];
      const deploying = clone.switchyard('deploy', commit, ...flags);
      await untilIn(state, commit);
      fill();

      clone.order(commit, 'unhealthy');

      const { errorCode } = await until('the end of the deployment', () => {
        const found = clone.deployments().find((each) => each.commit === commit);
        return found?.errorCode ? found : undefined;
      });
      expect(errorCode).toBe('E_DISK');
      expect(badCause(clone.deployments(), commit)).toBeNull();
      await deploying;
    },
  );

  it('a canary fails for lack of evidence', async () => {
    const before = clone.deployments().at(-1)?.id ?? 0;
    clone.change({ files: { 'more/change.txt': 'of the canary' } });
    const commit = await clone.commit('a canary');
    await clone.git('push', 'live', 'main:another');
    const deploying = clone.switchyard('deploy', commit, '--strategy', 'canary');
    await untilPhase(clone, before, 'judge');
    fill();

    expect((await deploying).text).toContain('there is no evidence that the release is healthy');
    expect((await untilIn('rolled-back', commit)).errorCode).toBe('E_DISK');
    expect(badCause(clone.deployments(), commit)).toBeNull();
  });

  it('a release stays live and its bake waits if a rollback would have to start a process', async () => {
    clone.change({ files: { 'more/change.txt': 'in place' }, config: { bake: { seconds: 2 } } });
    const commit = await clone.commit('in place');
    await clone.git('push', 'live', 'main:another');
    const deploying = clone.switchyard('deploy', commit, '--strategy', 'in-place');
    await untilIn('baking', commit);
    fill();

    // longer than the bake, and than the time a full disk is tolerated
    await sleep(5000);
    await untilIn('baking', commit);
    expect(await clone.serving()).toMatchObject({ commit });
    free();

    const { text } = expectLive(await deploying);
    expect(text).toMatch(/The disk of \S+ is full: there is no verdict until it has free space/);
  });
});

needs('a disk of its own', lossyDiskPossible).describe('rolling on a full disk', () => {
  let first: Commit;

  beforeAll(async () => {
    disk = lossyDisk();
    const config = { bake: { seconds: 20 }, schedules: { poll: null, prune: null, rotate: null } };
    clone = await tinyClone({ ...config, rolling: { batch: 1, minHealthy: 1 } }, {}, { parent: disk.dir });
    expectDone(await clone.start());
    clone.change({ ...NEEDS_DISK, config: { ...NEEDS_DISK.config, bake: { seconds: 0 } } });
    first = await clone.commit('a release that writes as it starts');
    await clone.git('push', 'live', 'main:another');
    expectLive(await clone.switchyard('deploy', first, '--strategy', 'rolling'));
  });
  afterEach(async () => {
    await load?.stop();
    free();
  });
  afterAll(async () => {
    try {
      await clone?.cleanUp();
    } finally {
      disk.remove();
    }
  });

  /** Deploys a new commit and fills the disk during its bake. */
  async function bakeOnFullDisk(
    seconds: number,
  ): Promise<{ commit: Commit; deploying: Promise<CommandResult> }> {
    const files = { ...NEEDS_DISK.files, 'more/change.txt': String(Math.random()) };
    clone.change({ ...NEEDS_DISK, config: { ...NEEDS_DISK.config, bake: { seconds } }, files });
    const commit = await clone.commit('another');
    await clone.git('push', 'live', 'main:another');
    const deploying = clone.switchyard('deploy', commit, '--strategy', 'rolling');
    await untilIn('baking', commit);
    fill();
    load = startLoad({
      port: clone.ports.http,
      connections: 2,
      slow: null,
      pauseMs: 50,
      mix: [{ method: 'GET', path: '/version' }],
    });
    return { commit, deploying };
  }

  it('an unhealthy release stays live while the previous one could not start, and its bake continues with free space', async () => {
    const { commit, deploying } = await bakeOnFullDisk(2);
    clone.order(commit, 'unhealthy');
    // longer than the bake and than three bad answers
    await sleep(5000);
    await untilIn('baking', commit);
    clone.order(commit, null);
    free();

    const { text } = expectLive(await deploying);

    expect(text.match(/is full: there is no verdict until it has free space/g)).toHaveLength(1);
    expect((await load?.stop())?.failures).toBe(0);
    first = commit;
  });

  it('a release that is still unhealthy with free space is rolled back, and the commit is not marked bad', async () => {
    const { commit, deploying } = await bakeOnFullDisk(2);
    clone.order(commit, 'unhealthy');
    await sleep(4000);
    await untilIn('baking', commit);
    free();

    const { text } = await deploying;

    expect(text).toContain('The disk was full.');
    expect((await untilIn('rolled-back', commit)).errorCode).toBe('E_DISK');
    expect(badCause(clone.deployments(), commit)).toBeNull();
    expect(await clone.serving()).toMatchObject({ commit: first });
    expect((await load?.stop())?.failures).toBe(0);
  });

  it('the new release stays live when an operator aborts it and the previous one cannot start', async () => {
    const { commit, deploying } = await bakeOnFullDisk(20);
    expectDone(await clone.switchyard('abort'));

    const { text } = await deploying;

    expect(text).toContain('the undo stops here: users stay on ');
    expect(await clone.serving()).toMatchObject({ commit });
    expect((await load?.stop())?.failures).toBe(0);
    free();
    const fault = await until('the only fault', async () => {
      const { faults } = await diagnose(clone);
      return Object.keys(faults).length === 1 && faults['active slot'];
    });
    expect(fault.message).toContain('but the journal says');
    await applyFix(clone, fault);
    expect(await clone.serving()).toMatchObject({ commit: first });
  });
});

async function untilIn(state: Deployment['state'], commit: Commit): Promise<Deployment> {
  return until(state, () =>
    clone.deployments().find((each) => each.commit === commit && each.state === state),
  );
}

function ballast(): string {
  return path.join(disk.dir, 'ballast');
}

/** Uses all space that ordinary users can write. */
function fill(): void {
  mkdirSync(ballast(), { recursive: true });
  chmodSync(ballast(), 0o777);
  for (const [index, size] of ['1G', '100M', '10M', '1M', '64k', '4k'].entries()) {
    for (let file = 0; file < 20; file++) {
      const args = ['-l', size, path.join(ballast(), `${index}-${file}`)];
      if (spawnSync('fallocate', args, { uid: OTHER_USER, gid: OTHER_USER, cwd: '/' }).status !== 0) break;
    }
  }
}

function free(): void {
  rmSync(ballast(), { recursive: true, force: true });
}
