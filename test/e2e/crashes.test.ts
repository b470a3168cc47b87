/** A live release that keeps crashing is rolled back, and two bad releases never alternate. */
import { badCause } from '../../deploy/core/rollback-target';
import type { Commit } from '../../deploy/core/release';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import { deployerPid, incidents, kill, lastEvent } from '../support/crash';
import { diagnose, WITH_COMMANDS } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import { ownEngine, ownEnginePossible, type OwnEngine } from '../support/own-engine';
import { forEachRuntime } from '../support/runtimes';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(180_000);

const RULE = { crashes: { limit: 3, withinSeconds: 120 } };

let clone: TinyClone;

forEachRuntime((runtime) => {
  let first: Commit;
  let engine: OwnEngine | null;

  beforeAll(async () => {
    engine = runtime === 'compose' ? await ownEngine() : null;
    const compose = { memory: '128m', cpus: 1 };
    clone = await tinyClone({ runtime, bake: { seconds: 0 }, compose, ...RULE }, engine?.env);
    clone.change(WITH_COMMANDS);
    await clone.commit('with the commands');
    expectDone(await clone.start());
    first = (await clone.serving()).commit;
  });
  afterAll(async () => {
    try {
      await clone.cleanUp();
    } finally {
      await engine?.cleanUp();
    }
  });

  it('a live release is rolled back to the standby after the configured number of crashes and marked bad', async () => {
    const { commit } = expectLive(await clone.release(WITH_COMMANDS));
    const before = lastEvent(clone);

    await crash(commit, 3);

    await until('the previous release', isRolledBack);
    expect(await clone.serving()).toMatchObject({ commit: first });
    const journal = clone.journal();
    expect(badCause(journal.history(), commit)).toMatch(/^green exited 3 times in \d+/);
    journal.close();
    expect(
      incidents(clone, before).filter((incident) => incident.includes('It is rolled back')),
    ).toHaveLength(1);
    // otherwise it would keep crashing
    await until('an empty slot', async () => (await clone.slots()).every(({ slot }) => slot !== 'green'));
    expect((await clone.switchyard('status')).text).toContain('green exited 3 times');
  });

  it('a crashing release stays live when no good release is left, and one incident reports it', async () => {
    const before = lastEvent(clone);
    const deployments = clone.deployments().length;

    await crash(first, 4);

    const news = await until('the incident', () => {
      const found = incidents(clone, before).filter((incident) => incident.includes('no good release'));
      return found.length > 0 && found;
    });
    expect(news).toEqual([expect.stringMatching(/^blue exited [34] times in .*.\/switchyard logs blue$/)]);
    await crash(first, 1);
    expect(clone.deployments()).toHaveLength(deployments);
    // the restarted process may not answer yet
    const fix = await until('the warning', async () => {
      const { findings } = await diagnose(clone);
      return findings.find(({ link, status }) => link === 'active slot' && status === 'warning')?.fix;
    });
    expect(fix).toBe('./switchyard logs blue');
    expectDone(await clone.shell(fix));
  });

  it('a release marked bad for its crashes goes live again when an operator deploys it', async () => {
    const bad = clone.deployments().find(({ errorCode }) => errorCode === 'E_CRASHES')?.commit;
    expectDone(await clone.switchyard('deploy', bad as string));
    expect(await clone.serving()).toMatchObject({ commit: bad });
  });

  it("a live release is not rolled back for restarts of Docker's engine or PM2's daemon", async () => {
    const { commit } = expectLive(await clone.release());
    const deployments = clone.deployments().filter(({ kind }) => kind !== 'restore').length;

    for (let turn = 0; turn < RULE.crashes.limit + 1; turn++) {
      const deployer = await deployerPid(clone);
      if (engine) {
        await engine.die();
        await engine.start();
      } else {
        kill(pm2Daemons(clone.home)[0]?.pid);
        await until('another deployer', async () => (await deployerPid(clone)) !== deployer);
      }
      await until(
        'the live release',
        async () => (await clone.serving().catch(() => null))?.commit === commit,
      );
      await until(
        'its adopted slot',
        async () => (await clone.slot(clone.table().active as string)).orphan !== true,
      );
    }

    await until('no running deployment', () =>
      clone.deployments().every(({ finishedAt }) => finishedAt !== null),
    );
    expect(clone.deployments().filter(({ kind }) => kind !== 'restore')).toHaveLength(deployments);
    expect(await clone.serving()).toMatchObject({ commit });
  });

  it('a live release is rolled back when it keeps running out of memory', async () => {
    const { commit: before } = await clone.serving();
    const { commit } = expectLive(await clone.release());
    const { active } = clone.table();

    clone.order(commit, 'leak');

    await until('the previous release', isRolledBack, 120_000);
    expect(await clone.serving()).toMatchObject({ commit: before });
    const cause = runtime === 'compose' ? ': it ran out of memory (limit 128m)' : '';
    const journal = clone.journal();
    expect(badCause(journal.history(), commit)).toMatch(new RegExp(`^${active} exited \\d times in \\d+.*`));
    expect(badCause(journal.history(), commit)).toContain(cause);
    journal.close();
    await until('an empty slot', async () => (await clone.slots()).every(({ slot }) => slot !== active));
    clone.order(commit, null);
  });

  if (runtime === 'compose') return;

  it('a crashing release stays live when the configuration sets crashes to null', async () => {
    const { commit } = expectLive(await clone.release({ config: { crashes: null } }));
    expectDone(await clone.switchyard('stop'));
    expectDone(await clone.start());
    const deployments = clone.deployments().length;

    await crash(commit, 4);

    expect(clone.deployments()).toHaveLength(deployments);
  });
}, ownEnginePossible);

/** In one read: between two, the rollback may be queued after the deployment that is newest in the first. */
function isRolledBack(): boolean {
  const last = clone.deployments().at(-1);
  return last?.kind === 'rollback' && last.trigger === 'watch' && last.state === 'succeeded';
}

/** Kills the live process this many times, each time once the next one answers. */
async function crash(commit: Commit, times: number): Promise<void> {
  let before = 0;
  for (let killed = 0; killed < times; killed++) {
    const pid = await until('the next process', async () => {
      const now = await clone.serving().catch(() => null);
      return now?.commit === commit && now.pid !== before && now.pid;
    });
    kill(pid);
    before = pid;
  }
}
