/**
 * In-place and rolling, from push to live under the eyes of users, after one another and after blue/green: nobody
 * loses a request, but for the maintenance page in-place; and releases that fail, at each of their steps.
 */
import type { ErrorCode } from '../../deploy/core/errors';
import { servingSlots } from '../../deploy/core/table';
import type { Deployment, Plan } from '../../deploy/core/types';
import { incidents, kill, lastEvent } from '../support/crash';
import { startLoad, type Load, type LoadRequest, type LoadResult } from '../support/load';
import { freePorts } from '../support/ports';
import { tinyClone, type Behaviour, type Change, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(180_000);

/** The promise: after any kill the right release serves again within this time. */
const PROMISED_MS = 5000;
const VERSION: LoadRequest = { method: 'GET', path: '/version' };
const POOL = ['amber', 'blue', 'green', 'violet'];

let clone: TinyClone;
let load: Load | undefined;
let version = 1;

beforeAll(async () => {
  const [amber, violet] = (await freePorts(2)) as [number, number];
  clone = await tinyClone({
    slots: { amber, violet },
    bake: { seconds: 0 },
    rolling: { batch: 2, minHealthy: 2 },
  });
  expect(await clone.start()).toMatchObject({ code: 0 });
});
afterEach(() => load?.stop());
afterAll(() => clone.cleanUp());

/** Commits it, and makes it live as a person would say it. */
async function deploy(
  strategy: string,
  change: Change = {},
): Promise<{ text: string; code: number; deployment: Deployment }> {
  version += 1;
  clone.change({ ...change, manifest: { version: `1.${version}.0` } });
  await clone.commit(`version ${version}`);
  const said = await clone.switchyard('deploy', '--strategy', strategy);
  return { ...said, deployment: clone.deployments().at(-1) as Deployment };
}

async function underLoad<T>(does: () => Promise<T>): Promise<{ result: T; seen: LoadResult }> {
  load = startLoad({ port: clone.ports.http, connections: 8, slow: null, pauseMs: 60, mix: [VERSION] });
  await load.more(20);
  const result = await does();
  await load.more(50);
  return { result, seen: await load.stop() };
}

/** What a failure must leave as it was, but for the processes that are started again. */
async function atRest(): Promise<object> {
  const { serving, ...rest } = await clone.state();
  return { ...rest, commit: serving.commit };
}

function serving(): string[] {
  return servingSlots(clone.table()).sort();
}

describe('rolling', () => {
  it('spreads the first release over the whole pool, and the next over it part by part, old and new side by side', async () => {
    const first = await underLoad(() => deploy('rolling'));
    expect(first.result).toMatchObject({ code: 0, deployment: { state: 'succeeded', strategy: 'rolling' } });
    expect(serving()).toEqual(POOL);

    const second = await underLoad(() => deploy('rolling'));
    expect(second.result.text).toContain('✓ LIVE in ');
    for (const { seen } of [first, second]) {
      expect(seen.failed.slice(0, 3)).toEqual([]);
      expect(Object.keys(seen.versions)).toHaveLength(2);
    }
    const running = await clone.slots();
    expect(running.map(({ slot }) => slot)).toEqual(POOL);
    expect(new Set(running.map(({ commit }) => commit)).size).toBe(1);
  });

  const FAILING: [string, Behaviour, ErrorCode][] = [
    ['exits', { exits: true }, 'E_EXITED'],
    ['is not healthy', { health: 500 }, 'E_UNHEALTHY'],
    ["answers with another's commit", { commit: 'c'.repeat(40) }, 'E_WRONG_PROCESS'],
  ];
  it.each(FAILING)('puts back what it replaced when a release %s', async (_, behaviour, errorCode) => {
    const before = await atRest();
    const { result, seen } = await underLoad(() => deploy('rolling', { behaviour }));
    expect(result).toMatchObject({ code: 1, deployment: { state: 'failed', errorCode } });
    expect(seen.failed.slice(0, 3)).toEqual([]);
    expect(await atRest()).toEqual(before);
  });

  it("with onFailure 'hold' puts back the slot that failed alone, and waits: abort gives all back, promote tries it again", async () => {
    const before = await atRest();
    const config = { rolling: { batch: 1, minHealthy: 2, onFailure: 'hold' } } as const;
    clone.change({ config, manifest: { version: '1.99.0' } });
    const commit = await clone.commit('ill in one slot');
    const [first, ill] = (await slotsInTurn()) as [string, string];
    clone.order(commit, `unhealthy in ${ill}`);

    const { seen } = await underLoad(async () => {
      await expectHeld(commit, [first]);
      expect(await clone.switchyard('abort')).toMatchObject({ code: 0 });
      expect(await atRest()).toEqual(before);

      await expectHeld(commit, [first]);
      clone.order(commit, null);
      const promoted = await clone.switchyard('promote');
      expect(promoted).toMatchObject({ code: 0, text: expect.stringContaining('✓ LIVE in ') });
      expect(await slotsWith(commit)).toEqual(POOL);
      expect(clone.deployments().at(-1)).toMatchObject({ state: 'succeeded', commit });
    });
    expect(seen.failed.slice(0, 3)).toEqual([]);
  });

  it('has each slot started again that dies or hangs, and nobody loses a request', async () => {
    const [hung, killed] = serving().filter((slot) => slot !== clone.table().active) as [string, string];
    const pids = new Map((await clone.slots()).map(({ slot, pid }) => [slot, pid]));
    const told = lastEvent(clone);

    const { seen } = await underLoad(async () => {
      kill(pids.get(hung), 'SIGSTOP');
      kill(pids.get(killed));
      for (const name of [hung, killed])
        await until(`another process in ${name}`, async () => {
          const { pid, status } = await clone.slot(name);
          return status === 'online' && pid !== pids.get(name);
        });
    });

    expect(seen.failed.slice(0, 3)).toEqual([]);
    expect(seen.slowestMs).toBeLessThan(PROMISED_MS);
    const news = incidents(clone, told);
    expect(news).toContain(`${hung} hangs: its process ${pids.get(hung)} is ended and started again`);
    expect(news.filter((each) => each.startsWith(`${killed} ended and was started again`))).toHaveLength(1);
    expect(serving()).toEqual(POOL);
    expect(await faults()).toEqual([]);
  });

  async function faults(): Promise<object[]> {
    const { text } = await clone.switchyard('doctor', '--json');
    return (JSON.parse(text) as { findings: { status: string }[] }).findings.filter(
      ({ status }) => status === 'fault',
    );
  }

  async function expectHeld(commit: string, slots: string[]): Promise<void> {
    const said = await clone.switchyard('deploy', '--strategy', 'rolling');
    expect(said).toMatchObject({ code: 1 });
    const held = clone.deployments().at(-1);
    expect(held).toMatchObject({ state: 'holding', cause: expect.stringContaining('answered 500') });
    expect(await slotsWith(commit)).toEqual(slots);
    const status = (await clone.switchyard('status')).text;
    for (const slot of POOL) expect(status).toMatch(new RegExp(`^${slot} +:\\d+ +serving 25 % +v`, 'm'));
  }

  async function slotsInTurn(): Promise<string[]> {
    const said = await clone.switchyard('deploy', '--plan', '--strategy', 'rolling', '--json');
    const { plan } = JSON.parse(said.text) as { plan: Plan };
    return plan.flatMap(({ step }) => (step.do === 'start' ? [step.slot] : []));
  }

  async function slotsWith(commit: string): Promise<string[]> {
    return (await clone.slots()).filter((each) => each.commit === commit).map(({ slot }) => slot);
  }
});

it('after rolling with all slots live, blue/green and in-place follow in any order', async () => {
  for (const [strategy, slots] of [
    ['blue-green', 1],
    ['rolling', 4],
    ['in-place', 1],
  ] as const) {
    const { result, seen } = await underLoad(() => deploy(strategy));
    expect(result).toMatchObject({ code: 0, deployment: { state: 'succeeded', strategy } });
    expect(serving()).toHaveLength(slots);
    expect(Object.keys(seen.versions)).toHaveLength(2);
    const failed = seen.failed.filter(({ status }) => !(strategy === 'in-place' && status === 503));
    expect(failed.slice(0, 3)).toEqual([]);
  }
  expect((await clone.slots()).map(({ slot }) => slot)).toEqual([clone.table().active]);
});

describe('in-place', () => {
  it('shows the page and nothing else while it is down, and says for how long that was', async () => {
    clone.write('page.html', '<p>Gone fishing</p>');
    const config = { maintenance: { page: 'page.html' } };
    const { result, seen } = await underLoad(() => deploy('in-place', { config }));

    expect(result.text).toMatch(/✓ LIVE in .*, down for [\d.]+ m?s$/m);
    expect(result.text).toMatch(/down for .*: [\d,]+ requests got the maintenance page/);
    const { downMs, failed } = result.deployment;
    expect(seen.failures).toBeGreaterThan(0);
    expect(seen.failed.every(({ status, said }) => status === 503 && said.includes('Gone fishing'))).toBe(
      true,
    );
    // as users have seen it: from the first page to the last; the load keeps the first thousand
    expect(seen.failures).toBe(seen.failed.length);
    const times = seen.failed.map(({ at }) => at);
    const felt = Math.max(...times) - Math.min(...times);
    expect(downMs).toBeGreaterThanOrEqual(felt - 100);
    expect(downMs).toBeLessThan(felt + 1000);
    expect(failed).toBe(0);
  });

  it('starts the old release again when the new one fails', async () => {
    const before = await atRest();
    const { result, seen } = await underLoad(() => deploy('in-place', { behaviour: { exits: true } }));
    expect(result).toMatchObject({ code: 1, deployment: { state: 'failed', errorCode: 'E_EXITED' } });
    expect(seen.failed.every(({ status }) => status === 503)).toBe(true);
    expect(await atRest()).toEqual(before);
  });
});

describe('a plan', () => {
  it('is shown, and nothing is changed', async () => {
    const before = await clone.state();
    const count = clone.deployments().length;
    const said = await clone.switchyard('deploy', '--plan', '--strategy', 'rolling');
    expect(said).toMatchObject({ code: 0 });
    expect(said.text).toMatch(/^rolling, [0-9a-f]{7}:\n {2}1 {2}start .* undo: stop /);
    const json = JSON.parse((await clone.switchyard('deploy', '--plan', '--json')).text) as object;
    expect(json).toMatchObject({ strategy: 'blue-green', plan: expect.any(Array) });
    expect(await clone.state()).toEqual(before);
    expect(clone.deployments()).toHaveLength(count);
  });

  it('names the nearest strategy for one that there is not', async () => {
    const said = await clone.switchyard('deploy', '--strategy', 'roling');
    expect(said.code).toBe(1);
    expect(said.text).toContain('Did you mean rolling?');
  });
});
