/**
 * Kills and stops slots in ways after which the runtime may not restart them. The deployer does so within five seconds,
 * with and without a standby, and in a pool of four.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { servingSlots } from '../../deploy/core/traffic-table';
import { withoutSlot } from '../../deploy/core/traffic-split';
import { tryLock } from '../../deploy/journal/deployment-lock';
import { linkTable } from '../../deploy/traffic/table-folder';
import { containerOf } from '../../deploy/runtimes/compose/definitions';
import { slotAppName } from '../../deploy/runtimes/pm2/definitions';
import { callPm2, pm2Processes } from '../../deploy/runtimes/pm2/rpc';
import { probe } from '../../deploy/traffic/probe';
import { kill, stopWatching, watchServing } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { startLoad, type Load, type LoadRequest } from '../support/load';
import { freePorts } from '../support/ports';
import { forEachRuntime } from '../support/runtimes';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

/** The promise: after any kill the right release is live again within this time. */
const PROMISED_MS = 5000;
const VERSION: LoadRequest = { method: 'GET', path: '/version' };

let clone: TinyClone;
let load: Load | undefined;
const sockets: Socket[] = [];

forEachRuntime((runtime) => {
  beforeAll(async () => {
    clone = await tinyClone({ runtime, bake: { seconds: 0 } });
    expectDone(await clone.start());
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await load?.stop();
    await stopWatching();
  });
  afterAll(() => clone.cleanUp());

  const ways: [string, (slot: string) => unknown][] =
    runtime === 'pm2'
      ? [
          ['the process of the active slot is killed', killProcess],
          ['the active slot is deleted from PM2', (slot) => pm2('deleteProcessId', slot)],
          ['the active slot is stopped in PM2', (slot) => pm2('stopProcessId', slot)],
        ]
      : [
          ['the process of the active slot is killed', killProcess],
          ['the container of the active slot is killed', (slot) => docker('kill', containerOf(name(), slot))],
          [
            'the container of the active slot is stopped',
            (slot) => docker('stop', '-t', '0', containerOf(name(), slot)),
          ],
          [
            'the container of the active slot is removed',
            (slot) => docker('rm', '--force', containerOf(name(), slot)),
          ],
        ];

  describe.each(ways)('when %s', (_, end) => {
    it('the release is live again within five seconds without a standby', async () => {
      expectLive(await clone.release());
      expectDone(await clone.switchyard('rollback'));
      const { active, standby } = clone.table();
      expect(standby).toBe(null);
      const { commit, pid } = await clone.serving();
      const watching = watchServing(clone, commit);

      await end(active as string);

      await untilReplaced(commit, pid);
      const outageMs = await watching.stop();
      expect(outageMs).toBeLessThan(PROMISED_MS);
    });

    it('no reader fails with a standby, and the release is live again within five seconds', async () => {
      expectLive(await clone.release());
      const { active } = clone.table();
      const { commit, pid } = await clone.serving();
      load = startLoad({ port: clone.ports.http, connections: 8, slow: null, pauseMs: 5, mix: [VERSION] });
      await load.more(50);
      const watching = watchServing(clone, commit);

      await end(active as string);

      await untilReplaced(commit, pid);
      const outageMs = await watching.stop();
      await load.more(50);
      expect((await load.stop()).failed).toEqual([]);
      expect(outageMs).toBeLessThan(PROMISED_MS);
    });
  });

  it('a release without a standby is live again within five seconds when its stop waits for an open request', async () => {
    expectLive(await clone.release());
    expectDone(await clone.switchyard('rollback'));
    const active = clone.table().active as string;
    const { commit, pid } = await clone.serving();
    await openRequest(active);
    const watching = watchServing(clone, commit);

    const stopping = stopped(active);

    await untilReplaced(commit, pid);
    expect(await watching.stop()).toBeLessThan(PROMISED_MS);
    for (const socket of sockets.splice(0)) socket.destroy();
    await stopping;
  });
  const stopped = (slot: string): Promise<unknown> =>
    runtime === 'pm2' ? pm2('stopProcessId', slot) : docker('stop', '-t', '15', containerOf(name(), slot));
});

/** In a pool, a slot takes over for another only as the traffic table allows. */
forEachRuntime((runtime) => {
  let slots: Record<string, number>;

  beforeAll(async () => {
    const [amber, violet] = (await freePorts(2)) as [number, number];
    slots = { amber, violet };
    const compose = { memory: '128m', cpus: 0.5 };
    clone = await tinyClone({ runtime, strategy: 'rolling', slots, bake: { seconds: 0 }, compose });
    expectDone(await clone.start());
    expectDone(await clone.switchyard('deploy'));
    expect(servingSlots(clone.table())).toHaveLength(4);
  });
  afterEach(async () => {
    await load?.stop();
    await stopWatching();
  });
  afterAll(() => clone.cleanUp());

  const remove = (slot: string): unknown =>
    runtime === 'pm2' ? pm2('deleteProcessId', slot) : docker('rm', '--force', containerOf(name(), slot));
  /** Moves the users first, as the watch does for an unhealthy slot: under the lock, or pruning removes the table. */
  const moveUsersAndRemove = async (slot: string): Promise<unknown> => {
    const lock = await until('the deployment lock', () => tryLock(clone.home));
    linkTable(clone.home, withoutSlot(clone.table(), slot));
    lock.release();
    return remove(slot);
  };
  /** The deployer's reports, for a failure message. */
  const recovery = (): string => {
    const journal = clone.journal();
    const reported = journal.incidents(10).map(({ message }) => message);
    journal.close();
    const deployments = clone.deployments().slice(-4);
    const states = deployments.map(
      ({ kind, state, to, cause }) => `${kind} ${to?.slot} ${state} ${cause ?? ''}`,
    );
    return `all slots to recover; reported: ${reported.join('; ')}; deployments: ${states.join('; ')}`;
  };
  const killIn = async (slot: string): Promise<void> => kill((await clone.slot(slot)).pid);
  const active = (): string[] => [clone.table().active as string];
  const commitsIn = (names: string[]): Promise<(string | null)[]> =>
    Promise.all(
      names.map(async (slot) => {
        const port = { ...clone.ports, ...slots }[slot];
        return (await probe({ port, path: '/health', timeoutMs: 1000 })).commit;
      }),
    );
  /** Two serving slots that are neither active nor standby. */
  const two = (): string[] => {
    const { active: first, standby } = clone.table();
    return servingSlots(clone.table()).filter((slot) => slot !== first && slot !== standby);
  };

  it.each<[string, () => string[], (slot: string) => unknown]>([
    ['the active slot is killed', active, killIn],
    ['the active slot is removed', active, remove],
    ['two others are killed', two, killIn],
    ['two others are removed', two, remove],
    ['the active slot is removed after its users were moved', active, moveUsersAndRemove],
  ])('no reader fails and all slots of a pool of four recover when %s', async (_, of, end) => {
    const { commit } = await clone.serving();
    const before = (await clone.slots()).map(({ pid }) => pid);
    load = startLoad({ port: clone.ports.http, connections: 8, slow: null, pauseMs: 5, mix: [VERSION] });
    await load.more(50);
    const ended = of();

    await Promise.all(ended.map(end));

    await until(recovery, async () => {
      const pids = (await clone.slots()).filter(({ slot }) => ended.includes(slot)).map(({ pid }) => pid);
      if (pids.length < ended.length || pids.some((pid) => pid === null || before.includes(pid)))
        return false;
      return (await commitsIn(ended)).every((each) => each === commit);
    });
    await load.more(50);
    expect((await load.stop()).failed).toEqual([]);
    await until('the whole table', () => servingSlots(clone.table()).length === 4);
    await until('no running deployment', () =>
      clone.deployments().every(({ finishedAt }) => finishedAt !== null),
    );
  });
});

async function killProcess(): Promise<void> {
  kill((await clone.serving()).pid);
}

function name(): string {
  return (
    JSON.parse(/module\.exports = ([^]*);/.exec(clone.read('deploy.config.js'))?.[1] ?? '{}') as {
      name: string;
    }
  ).name;
}

/** Asynchronous, because a blocking call would stop the test's users. */
async function docker(...args: string[]): Promise<void> {
  await promisify(execFile)('docker', args);
}

/** Like PM2's command line, without its load time. */
async function pm2(action: 'deleteProcessId' | 'stopProcessId', slot: string): Promise<void> {
  const app = (await pm2Processes(clone.home)).find((each) => each.name === slotAppName(slot));
  await callPm2(clone.home, action, app?.pm_id, 60_000);
}

/** Sends half a request, so that the app cannot finish its shutdown. */
async function openRequest(slot: string): Promise<void> {
  const socket = connect(clone.ports[slot as 'blue' | 'green'], '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  socket.write('GET /version HTTP/1.1\r\n');
  // the answer shows that the open request was read
  await probe({ port: clone.ports[slot as 'blue' | 'green'], path: '/health', timeoutMs: 1000 });
}

/** Waits until another process of the same release is live. */
async function untilReplaced(commit: string, pid: number): Promise<void> {
  await until('another process', async () => {
    const now = await clone.serving().catch(() => null);
    return now?.commit === commit && now.pid !== pid;
  });
}
