/** Requests during a deployment: a push waits, a newer push supersedes it, and a rollback goes first. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Deployment } from '../../deploy/core/deployment';
import { untilOver, untilPhase } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { until } from '../support/until';
import { tinyClone, type Pushed, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

let clone: TinyClone;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 } });
  expectDone(await clone.start());
  expectLive(await clone.release());
});
afterAll(() => clone.cleanUp());

it('a second push waits and names the running deployment, and a third one supersedes it', async () => {
  const { pushing, running, letEnd } = await longPush();
  const second = clone.release();
  const waiting = await untilQueued(running);
  const third = clone.release();
  const newest = await untilQueued(waiting);
  letEnd();

  const first = await pushing;
  expectLive(first);
  const behind = `waiting for deployment ${running.id} (${first.commit.slice(0, 7)})`;
  const superseded = await second;
  expect(superseded.text).toContain(behind);
  expect(superseded.verdict).toBe('- superseded: a newer push is deployed instead');
  const last = await third;
  expect(last.text).toContain(behind);
  expectLive(last);

  expect(await clone.serving()).toMatchObject({ commit: last.commit });
  expect(await untilOver(clone, waiting.id)).toMatchObject({ state: 'superseded', commit: null });
  expect(await untilOver(clone, newest.id)).toMatchObject({ state: 'succeeded', commit: last.commit });
  expect(clone.deployments().some(({ commit }) => commit === superseded.commit)).toBe(false);
});

it('a rollback goes before a waiting push', async () => {
  const { commit } = await clone.slot(clone.table().standby as string);
  const { pushing, running, letEnd } = await longPush();
  const second = clone.release();
  const waiting = await untilQueued(running);
  const rollingBack = clone.switchyard('rollback', commit);
  const rollback = await untilQueued(waiting);
  letEnd();

  expectLive(await pushing);
  expectDone(await rollingBack);
  const last = await second;

  expectLive(last);
  expect(await clone.serving()).toMatchObject({ commit: last.commit });
  const { finishedAt } = await untilOver(clone, rollback.id);
  const { startedAt } = await untilOver(clone, waiting.id);
  expect(finishedAt).toBeLessThanOrEqual(startedAt as number);
});

/** Pushes a release whose tests run until `letEnd` is called. */
async function longPush(): Promise<{
  pushing: Promise<Pushed>;
  running: Deployment;
  letEnd: () => void;
}> {
  const gate = path.join(clone.home.shared, 'gate');
  rmSync(gate, { force: true });
  const untilGate = `setInterval(() => require('node:fs').existsSync(${JSON.stringify(gate)}) && process.exit(), 20)`;
  const newest = clone.deployments().at(-1)?.id ?? 0;
  const pushing = clone.release({ config: { app: { test: ['node', '-e', untilGate] } } });
  const running = await untilPhase(clone, newest, 'test');
  return { pushing, running, letEnd: () => writeFileSync(gate, '') };
}

/** Waits for the next queued deployment after this one. */
function untilQueued({ id }: Deployment): Promise<Deployment> {
  return until('a queued deployment', () =>
    clone.deployments().find((each) => each.id > id && each.state === 'queued'),
  );
}
