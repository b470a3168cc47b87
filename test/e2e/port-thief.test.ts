/**
 * Another process takes a slot's port in the instant the app exits. It even repeats the app's own answer, which it can
 * have read at the health path before. Not one request may reach it once Switchyard has noticed.
 */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Deployment } from '../../deploy/core/deployment';
import { incidents, kill, lastEvent, untilOver, untilPhase } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { startLoad, type Load } from '../support/load';
import { startPortThief, type PortThief, type ThiefLine } from '../support/port-thief';
import { forEachRuntime } from '../support/runtimes';
import { LONG_VERIFY, tinyClone, type Pushed, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

const USERS = 4;
const TAKEN = { state: 'failed', errorCode: 'E_STRANGER_ON_PORT', fault: 'machine' };

forEachRuntime((runtime) => {
  let clone: TinyClone;
  let thief: PortThief | undefined;
  let users: Load;

  /** While this file exists, the deployment waits between verify and the shift. */
  const gate = (): string => path.join(clone.dir, '..', 'gate');

  beforeAll(async () => {
    const hooks = { 'before shift': ['sh', '-c', 'while [ -e ../gate ]; do sleep 0.05; done'] };
    clone = await tinyClone({ bake: { seconds: 0 }, runtime, hooks });
    expectDone(await clone.start());
  });
  beforeEach(async () => {
    users = startLoad({
      port: clone.ports.http,
      connections: USERS,
      mix: [{ method: 'GET', path: '/work' }],
      slow: null,
      pauseMs: 5,
    });
    await users.more(20);
  });
  afterEach(async () => {
    thief?.kill();
    rmSync(gate(), { force: true });
    await users.stop();
  });
  afterAll(() => clone.cleanUp());

  it('without a standby, users get the maintenance page and then the release in the other slot', async () => {
    const before = await clone.serving();
    const active = activeSlot();
    const since = lastEvent(clone);

    const seen = await steal(active, before.pid);

    await untilRestored();
    expect(await clone.serving()).toMatchObject({ commit: before.commit });
    await users.more(50);
    await expectIncident(since, active, 'users get the maintenance page');
    expectShutOut(seen);
  });

  it('with a standby, the standby gets the users immediately, and the release is not blamed', async () => {
    expectLive(await clone.release({ files: { 'more/a.txt': 'a' } }));
    const live = await clone.serving();
    const { active, standby } = clone.table();
    const since = lastEvent(clone);

    const seen = await steal(active as string, live.pid);

    await until('the standby', () => clone.table().active === standby);
    await users.more(50);
    await expectIncident(since, active as string, `${standby} serves its users in the meantime`);
    expectShutOut(seen);
    thief?.kill();
    await until('its users back', () => clone.table().active === active);
    expect(await clone.serving()).toMatchObject({ commit: live.commit });
    expect(clone.deployments().at(-1)).toMatchObject({ kind: 'deploy', state: 'succeeded' });
  });

  it('on the port of the standby, another process never gets the users of a crashed release', async () => {
    expectLive(await clone.release({ files: { 'more/b.txt': 'b' } }));
    const live = await clone.serving();
    const { active, standby } = clone.table();
    const since = lastEvent(clone);

    const seen = await steal(standby as string, (await clone.slot(standby as string)).pid);
    await until('no standby', () => clone.table().standby === null);
    kill(live.pid);

    await until('the next process', async () => ![null, live.pid].includes(await serves(live.commit)));
    expectNoUser(seen);
    await expectIncident(since, standby as string, `${active} has no standby in the meantime`);
    thief?.kill();
    await until('the incident', () => incidents(clone, since).includes(`${standby} is the standby again`));
    expect(clone.table()).toEqual({ active, standby });
  });

  it('before a new release listens, another process fails the deployment and not the commit', async () => {
    const target = idleSlot();
    const before = await clone.slot(target);
    const releasing = clone.release({ behaviour: { listensAfterMs: 4000 } });
    const isNew = async (): Promise<boolean> =>
      (await clone.slots()).some(
        ({ slot, pid, commit }) => slot === target && pid !== null && commit !== before.commit,
      );
    await until('the new process', isNew);

    const seen = await take(target);

    await expectOnlyDelayed(releasing, seen);
  });

  it('after verify, another process gets no user, and the commit is not bad', async () => {
    writeFileSync(gate(), '');
    const target = idleSlot();
    const releasing = clone.release({ files: { 'more/c.txt': 'c' } });
    await untilPhase(clone, lastDeployment(), 'before shift');

    const seen = await steal(target, (await clone.slot(target)).pid);
    rmSync(gate());

    await expectOnlyDelayed(releasing, seen);
  });

  it('during a deployment, another process is shut out too, and the deployment gives way to a restore', async () => {
    if (clone.table().standby !== null) expectDone(await clone.switchyard('rollback'));
    const active = activeSlot();
    const live = await clone.serving();
    const since = lastEvent(clone);
    const before = lastDeployment();
    const releasing = clone.release(LONG_VERIFY);
    const { id } = await untilPhase(clone, before, 'verify');

    const seen = await steal(active, live.pid);

    expect(await untilOver(clone, id)).toMatchObject(TAKEN);
    await releasing;
    await untilRestored();
    expect(await clone.serving()).toMatchObject({ commit: live.commit });
    await users.more(50);
    await expectIncident(since, active, 'users get the maintenance page');
    expectShutOut(seen);
  });

  const activeSlot = (): string => clone.table().active as string;
  const idleSlot = (): string => (activeSlot() === 'blue' ? 'green' : 'blue');
  const lastDeployment = (): number => clone.deployments().at(-1)?.id ?? 0;

  /** The process that answers for the commit, or null. */
  async function serves(commit: string): Promise<number | null> {
    const now = await clone.serving().catch(() => null);
    return now?.commit === commit ? now.pid : null;
  }

  async function untilRestored(): Promise<Deployment> {
    const seen = (): string =>
      `a restore: ${JSON.stringify(clone.deployments().slice(-3))} ${incidents(clone, 0).slice(-8).join('; ')}`;
    return until(seen, () => {
      const last = clone.deployments().at(-1);
      return last?.kind === 'restore' && last.state === 'succeeded' && last;
    });
  }

  /** Kills the process in a slot and takes its port. Returns what the thief prints, from the theft on. */
  async function steal(slot: string, pid: number | null): Promise<ThiefLine[]> {
    const lines = await runThief(slot);
    await until('the thief', () => lines.some(({ what }) => what === 'trying'));
    kill(pid);
    await until('the theft', () => lines.some(({ what }) => what === 'listening'));
    return lines;
  }

  /** Takes a free port. */
  async function take(slot: string): Promise<ThiefLine[]> {
    const lines = await runThief(slot);
    await until('the theft', () => lines.some(({ what }) => what === 'listening'));
    return lines;
  }

  async function runThief(slot: string): Promise<ThiefLine[]> {
    const port = clone.ports[slot as 'blue' | 'green'];
    const health = await fetch(`http://127.0.0.1:${port}/health`).then(
      (answer) => answer.text(),
      () => '{}',
    );
    thief = startPortThief(port, health);
    return thief.lines;
  }

  /** The incident is recorded when the table has changed. By then each user has at most one request on its way. */
  function expectShutOut(lines: ThiefLine[]): void {
    const journal = clone.journal();
    const incident = journal.incidents(20).find(({ reason }) => reason === 'port-taken');
    journal.close();
    const late = lines.filter(({ what, at }) => what === 'request' && at > (incident?.at ?? 0));
    expect(late.length).toBeLessThanOrEqual(USERS);
  }

  /** Expects the thief to fail the deployment, to get no user, and to leave the commit good. */
  async function expectOnlyDelayed(releasing: Promise<Pushed>, lines: ThiefLine[]): Promise<void> {
    const { deployment } = await releasing;
    expect(deployment).toMatchObject(TAKEN);
    expectNoUser(lines);
    thief?.kill();
    expectLive(await clone.switchyard('deploy'));
  }

  function expectNoUser(lines: ThiefLine[]): void {
    expect(lines.filter(({ what }) => what === 'request')).toEqual([]);
  }

  /** It is recorded a moment after the table has changed. */
  async function expectIncident(since: number, slot: string, consequence: string): Promise<void> {
    const wanted = new RegExp(`^port \\d+ of ${slot} was taken by node \\(pid \\d+\\); ${consequence}$`);
    await until('the incident', () => incidents(clone, since).some((message) => wanted.test(message)));
  }
});
