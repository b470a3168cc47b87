/**
 * Operator requests take effect within a second, measured from the journal entry to the effect on users and processes.
 */
import { servingSlots } from '../../deploy/core/traffic-table';
import type { Deployment, OperatorRequest } from '../../deploy/core/deployment';
import { createOperatorRequests } from '../../deploy/deployer/operator-requests';
import {
  commandsOf,
  abortDeployments,
  untilItHangs,
  untilOver,
  untilPhase,
  watchServing,
} from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

/** From the entry in the journal, so without the start of the command. */
const AT_ONCE_MS = 1000;

let clone: TinyClone;
/** The push of the running canary. */
let pushing: Promise<unknown> | undefined;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 } });
  expectDone(await clone.start());
  expectLive(await clone.release());
});
afterEach(async () => {
  await abortDeployments(clone);
  await pushing;
});
afterAll(() => clone.cleanUp());

it('promote makes a held release live within a second', async () => {
  const held = await hold();

  const promoting = clone.switchyard('promote');

  await untilRequested(held);
  const watching = watchServing(clone, held.commit as string);
  await until('the held release to be live', async () => (await clone.serving()).commit === held.commit);
  expect(await watching.stop()).toBeLessThan(AT_ONCE_MS);
  expectDone(await promoting);
});

it('abort moves testers off a held release within a second', async () => {
  const held = await hold();
  const { token } = preview();
  const asTester = async (): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${clone.ports.http}/version`, {
      headers: { 'x-switchyard-preview': token },
    });
    return ((await answer.json()) as { commit: unknown }).commit;
  };
  expect(await asTester()).toBe(held.commit);

  const aborting = clone.switchyard('abort');

  const startedAt = await untilRequested(held);
  await until('testers to get the live release', async () => (await asTester()) !== held.commit);
  expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MS);
  expectDone(await aborting);
});

it('abort kills the commands of a deployment within a second', async () => {
  const newest = clone.deployments().at(-1)?.id ?? 0;
  const pushing = clone.release({ config: { app: { test: ['node', 'app/hang.js'] } } });
  const running = await untilPhase(clone, newest, 'test');
  const { id } = running;
  await untilItHangs(clone, id);

  const aborting = clone.switchyard('abort');

  const startedAt = await untilRequested(running);
  await until('the commands to exit', () => commandsOf(clone.home, id).length === 0, 10 * AT_ONCE_MS);
  expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MS);
  expectDone(await aborting);
  await pushing;
});

it('abort during a bake restores the previous release within a second', async () => {
  const { commit } = await clone.serving();
  const newest = clone.deployments().at(-1)?.id ?? 0;
  const pushing = clone.release({ config: { bake: { seconds: 60 } } });
  const baking = await untilPhase(clone, newest, 'bake');

  const aborting = clone.switchyard('abort');

  await untilRequested(baking);
  const watching = watchServing(clone, commit);
  await untilOver(clone, baking.id);
  expect(await watching.stop()).toBeLessThan(AT_ONCE_MS);
  expectDone(await aborting);
  await pushing;
});

it('pause, resume and promote of a canary take effect within a second', async () => {
  const id = await untilCanary();
  await expectInTime(id, 'pause', () => stateOf(id) === 'holding');
  await expectInTime(id, 'resume', () => stateOf(id) === 'running');
  const slot = clone.table().shares?.[0]?.slot;
  await expectInTime(
    id,
    'promote',
    () => clone.table().active === slot && servingSlots(clone.table()).length === 1,
  );
  expect(await untilOver(clone, id)).toMatchObject({ state: 'succeeded' });
});

it('abort of a canary moves all users back to stable within a second', async () => {
  const stable = clone.table().active;
  const id = await untilCanary();
  await expectInTime(id, 'abort', () => servingSlots(clone.table()).length === 1);
  expect(clone.table().active).toBe(stable);
  expect(await untilOver(clone, id)).toMatchObject({ state: 'aborted' });
});

let holdOutput = '';

/** Pushes a canary and waits until a tenth of the users has it, for a long time. */
async function untilCanary(): Promise<number> {
  const newest = clone.deployments().at(-1)?.id ?? 0;
  clone.change({ config: { strategy: 'canary', canary: { steps: [10, 100], seconds: 60 } } });
  await clone.commit('a canary');
  pushing = clone.git('push', 'live', 'main');
  return (await untilPhase(clone, newest, 'judge')).id;
}

/** Expects an effect within a second of the operator request in the journal. */
async function expectInTime(id: number, request: OperatorRequest, isDone: () => boolean): Promise<void> {
  const journal = clone.journal();
  const startedAt = performance.now();
  await createOperatorRequests({ journal })(request, id).finally(() => journal.close());
  await until(`the effect of ${request}`, isDone);
  expect(performance.now() - startedAt).toBeLessThan(AT_ONCE_MS);
}

function stateOf(id: number): Deployment['state'] | undefined {
  return clone.deployments().find((each) => each.id === id)?.state;
}

/** Deploys and holds a new commit. */
async function hold(): Promise<Deployment> {
  clone.change({});
  const commit = await clone.commit('to be held');
  ({ text: holdOutput } = await clone.switchyard('deploy', '--hold'));
  const held = clone.deployments().find((each) => each.commit === commit);
  expect(held).toMatchObject({ state: 'holding' });
  return held as Deployment;
}

/** Waits for the operator request in the journal. Returns its time by `performance.now()`. */
async function untilRequested({ id }: Deployment): Promise<number> {
  const journal = clone.journal();
  await until('the operator request in the journal', () => journal.get(id)?.request).finally(() =>
    journal.close(),
  );
  return performance.now();
}

function preview(): { token: string } {
  return { token: /X-Switchyard-Preview: ([0-9a-f]{32})/.exec(holdOutput)?.[1] as string };
}
