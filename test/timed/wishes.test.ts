/** What a person says of a deployment counts at once: from the word to what users and processes feel of it. */
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

/** From the moment at which it stands in the journal: what a command takes to start is another matter. */
const AT_ONCE_MS = 1000;

let clone: TinyClone;
/** Follows a canary to its end. */
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

it('promote gives users what is held within a second', async () => {
  const held = await hold();

  const promoting = clone.switchyard('promote');

  await untilWished(held);
  const watching = watchServing(clone, held.commit as string);
  await until('users to get it', async () => (await clone.serving()).commit === held.commit);
  expect(await watching.stop()).toBeLessThan(AT_ONCE_MS);
  expectDone(await promoting);
});

it('abort takes what is held from its testers within a second', async () => {
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

  const begun = await untilWished(held);
  await until('testers to be users again', async () => (await asTester()) !== held.commit);
  expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
  expectDone(await aborting);
});

it('abort ends the commands of a deployment within a second', async () => {
  const newest = clone.deployments().at(-1)?.id ?? 0;
  const pushing = clone.release({ config: { app: { test: ['node', 'app/hang.js'] } } });
  const running = await untilPhase(clone, newest, 'test');
  const { id } = running;
  await untilItHangs(clone, id);

  const aborting = clone.switchyard('abort');

  const begun = await untilWished(running);
  await until('the end of its commands', () => commandsOf(clone.home, id).length === 0, 10 * AT_ONCE_MS);
  expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
  expectDone(await aborting);
  await pushing;
});

it('abort gives users what they had before a bake within a second', async () => {
  const { commit } = await clone.serving();
  const newest = clone.deployments().at(-1)?.id ?? 0;
  const pushing = clone.release({ config: { bake: { seconds: 60 } } });
  const baking = await untilPhase(clone, newest, 'bake');

  const aborting = clone.switchyard('abort');

  await untilWished(baking);
  const watching = watchServing(clone, commit);
  await untilOver(clone, baking.id);
  expect(await watching.stop()).toBeLessThan(AT_ONCE_MS);
  expectDone(await aborting);
  await pushing;
});

it('pause, resume and promote of a canary are acted on within a second', async () => {
  const id = await untilCanary();
  await saidTo(id, 'pause', () => stateOf(id) === 'holding');
  await saidTo(id, 'resume', () => stateOf(id) === 'running');
  const slot = clone.table().shares?.[0]?.slot;
  await saidTo(
    id,
    'promote',
    () => clone.table().active === slot && servingSlots(clone.table()).length === 1,
  );
  expect(await untilOver(clone, id)).toMatchObject({ state: 'succeeded' });
});

it('abort gives everybody back whom a canary has within a second', async () => {
  const stable = clone.table().active;
  const id = await untilCanary();
  await saidTo(id, 'abort', () => servingSlots(clone.table()).length === 1);
  expect(clone.table().active).toBe(stable);
  expect(await untilOver(clone, id)).toMatchObject({ state: 'aborted' });
});

let said = '';

/** A release that a tenth of the users has, for long. */
async function untilCanary(): Promise<number> {
  const newest = clone.deployments().at(-1)?.id ?? 0;
  clone.change({ config: { strategy: 'canary', canary: { steps: [10, 100], seconds: 60 } } });
  await clone.commit('for some');
  pushing = clone.git('push', 'live', 'main');
  return (await untilPhase(clone, newest, 'judge')).id;
}

/** From the word in the journal to what is seen of it. */
async function saidTo(id: number, word: OperatorRequest, isActedOn: () => boolean): Promise<void> {
  const journal = clone.journal();
  const begun = performance.now();
  await createOperatorRequests({ journal })(word, id).finally(() => journal.close());
  await until(`what ${word} does`, isActedOn);
  expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
}

function stateOf(id: number): Deployment['state'] | undefined {
  return clone.deployments().find((each) => each.id === id)?.state;
}

/** A new commit, deployed and held. */
async function hold(): Promise<Deployment> {
  clone.change({});
  const commit = await clone.commit('to be tried');
  ({ text: said } = await clone.switchyard('deploy', '--hold'));
  const held = clone.deployments().find((each) => each.commit === commit);
  expect(held).toMatchObject({ state: 'holding' });
  return held as Deployment;
}

/** By `performance.now()`. */
async function untilWished({ id }: Deployment): Promise<number> {
  const journal = clone.journal();
  await until('the request', () => journal.get(id)?.request).finally(() => journal.close());
  return performance.now();
}

function preview(): { token: string } {
  return { token: /X-Switchyard-Preview: ([0-9a-f]{32})/.exec(said)?.[1] as string };
}
