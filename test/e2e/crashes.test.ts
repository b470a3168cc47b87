/** A release that crashes again and again after it went live is rolled back, and no two bad releases take turns. */
import { badCause } from '../../deploy/core/rollback-target';
import type { Commit } from '../../deploy/core/types';
import { incidents, kill, lastEvent } from '../support/crash';
import { diagnose } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import { overRuntimes } from '../support/runtimes';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(180_000);

const RULE = { crashes: { limit: 3, withinSeconds: 120 } };

let clone: TinyClone;

overRuntimes((runtime) => {
  let first: Commit;

  beforeAll(async () => {
    clone = await tinyClone({ runtime, bake: { seconds: 0 }, ...RULE });
    expectDone(await clone.start());
    first = (await clone.serving()).commit;
  });
  afterAll(() => clone.cleanUp());

  it('is rolled back to the standby after the configured number of crashes, and marked bad', async () => {
    const { commit } = expectLive(await clone.release());
    const told = lastEvent(clone);

    await crash(commit, 3);

    await until(
      'the release before',
      () => clone.deployments().at(-1)?.state === 'succeeded' && isRolledBack(),
    );
    expect(await clone.serving()).toMatchObject({ commit: first });
    const journal = clone.journal();
    expect(badCause(journal.history(), commit)).toMatch(/^green ended 3 times in \d+/);
    journal.close();
    expect(incidents(clone, told).filter((incident) => incident.includes('It is rolled back'))).toHaveLength(
      1,
    );
    // it would crash for ever
    await until('an empty slot', async () => (await clone.slots()).every(({ slot }) => slot !== 'green'));
    expect((await clone.switchyard('status')).text).toContain('green ended 3 times');
  });

  it('stays where there is no good release left, and the incident says so once', async () => {
    const told = lastEvent(clone);
    const deployments = clone.deployments().length;

    await crash(first, 4);

    const news = await until('the incident', () => {
      const found = incidents(clone, told).filter((incident) => incident.includes('no good release'));
      return found.length > 0 && found;
    });
    expect(news).toEqual([expect.stringMatching(/^blue ended [34] times in .*npm run -s logs -- blue$/)]);
    await crash(first, 1);
    expect(clone.deployments()).toHaveLength(deployments);
    // the next process may not answer yet
    const fix = await until('the warning', async () => {
      const { findings } = await diagnose(clone);
      return findings.find(({ link, status }) => link === 'active slot' && status === 'warning')?.mend;
    });
    expect(fix).toBe('npm run -s logs -- blue');
    expectDone(await clone.shell('node bin/switchyard.js logs blue'));
  });

  it('goes live again when an operator deploys it by hand', async () => {
    const bad = clone.deployments().find(({ errorCode }) => errorCode === 'E_CRASHES')?.commit;
    expectDone(await clone.switchyard('deploy', bad as string));
    expect(await clone.serving()).toMatchObject({ commit: bad });
  });

  if (runtime === 'compose') return;

  it('is left alone where the configuration says so', async () => {
    const { commit } = expectLive(await clone.release({ config: { crashes: null } }));
    expectDone(await clone.switchyard('stop'));
    expectDone(await clone.start());
    const deployments = clone.deployments().length;

    await crash(commit, 4);

    expect(clone.deployments()).toHaveLength(deployments);
  });
});

function isRolledBack(): boolean {
  const last = clone.deployments().at(-1);
  return last?.kind === 'rollback' && last.trigger === 'watch';
}

/** Kills the live process so many times, each time when the next one answers. */
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
