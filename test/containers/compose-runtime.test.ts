/** Slots as containers on the real engine. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningSlot, Slot } from '../../deploy/core/slot';
import { slotLog } from '../../deploy/runtimes/slot-log';
import { composeFixture, docker, type ComposeFixture } from '../support/compose';
import { docker as engine, needs, root } from '../support/needs';
import { until } from '../support/until';

needs('docker', engine).describe('a slot as a container', () => {
  let context: ComposeFixture;
  beforeAll(async () => {
    context = await composeFixture();
  });
  afterEach(() => Promise.all([context.runtime.stop('blue'), context.runtime.stop('green')]));
  afterAll(() => context.clear());

  const running = async (slot: Slot): Promise<RunningSlot | undefined> =>
    (await context.runtime.list(slot.name)).find((each) => each.slot === slot.name);
  const inspect = (slot: Slot, what: string): unknown =>
    JSON.parse(
      docker('inspect', `${context.config.name}-${slot.name}`, '--format', `{{json ${what}}}`),
    ) as unknown;

  it('answers with its commit and instance, and is listed with its state', async () => {
    const release = await context.release('a1');

    const started = await context.runtime.start(context.blue, release, 'proof-1', 0);

    expect(await answer(context.blue)).toMatchObject({
      commit: release.commit,
      instance: 'proof-1',
      main: true,
    });
    const listed = await running(context.blue);
    expect(listed).toMatchObject({ slot: 'blue', commit: release.commit, instance: 'proof-1' });
    expect(listed).toMatchObject({ pid: started.pid, restarts: 0, status: 'online', exitCode: null });
    expect(readFileSync(`/proc/${listed?.pid}/cmdline`, 'utf8')).toContain('server.js');
    expect(docker('ps', '--format', '{{.Names}} {{.Image}}')).toContain(
      `${context.config.name}-blue ${context.config.name}:${release.commit}`,
    );
  });

  it('runs without root and capabilities, with a read-only system and with limits', async () => {
    await context.runtime.start(context.green, await context.release('a1'), 'proof', 0);

    expect(inspect(context.green, '.HostConfig')).toMatchObject({
      NetworkMode: 'host',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      Init: true,
      Memory: 512 * 1024 * 1024,
      NanoCpus: 1_000_000_000,
      RestartPolicy: { Name: 'always' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m' } },
    });
    const uid = process.getuid?.() === 0 ? 1000 : process.getuid?.();
    const inside = docker(
      'exec',
      `${context.config.name}-green`,
      'sh',
      '-c',
      'id -u; touch /app/x /tmp/y 2>&1; ls /tmp/y',
    );
    expect(inside).toMatch(new RegExp(`^${uid}\\n.*/app/x.*Read-only file system\\n/tmp/y$`));
  });

  it('shuts down cleanly on SIGTERM, and its last lines stay readable', async () => {
    await context.runtime.start(context.blue, await context.release('b2', { slow: '' }), 'proof', 0);
    await answer(context.blue);

    await context.runtime.stop('blue');

    expect(await context.runtime.list('blue')).toEqual([]);
    expect(docker('ps', '-a', '--format', '{{.Names}}')).not.toContain(`${context.config.name}-blue`);
    expect(await context.runtime.logs('blue', 3)).toEqual(['GET /health', 'SIGTERM', 'finished my work']);
    expect(readFileSync(slotLog(context.home, 'blue'), 'utf8')).toContain('b200000 starts on port');
    await expect(context.runtime.stop('blue')).resolves.toBeUndefined();
  });

  it('is followed over a restart, a stop and the next container, and no line is lost or repeated', async () => {
    const seen: string[] = [];
    const stop = new AbortController();
    const { pid } = await context.runtime.start(
      context.blue,
      await context.release('b2', { slow: '' }),
      'one',
      0,
    );
    await answer(context.blue);
    const following = (async () => {
      for await (const lines of context.runtime.follow('blue', 1, stop.signal)) seen.push(...lines);
    })();
    await until('the last line', () => seen.includes('GET /health'));
    await answer(context.blue);
    process.kill(pid as number, 'SIGKILL');
    await until('another process', async () => {
      const listed = await running(context.blue);
      return listed?.pid != null && listed.pid !== pid;
    });
    await answer(context.blue);
    await context.runtime.start(context.blue, await context.release('c3'), 'two', 0);
    await answer(context.blue);

    await until(
      'the first line of the next container',
      () => seen.filter((line) => line === 'GET /health').length === 4,
    );
    stop.abort();
    await following;
    expect(seen).toEqual([
      'GET /health',
      'GET /health',
      'GET /health',
      'SIGTERM',
      'finished my work',
      expect.stringMatching(/^--- \S+ c300000 starts on port/),
      'GET /health',
    ]);
  });

  it('gives the lines since a time, which the engine knows, and follows from there', async () => {
    await context.runtime.start(context.blue, await context.release('b2', { slow: '' }), 'proof', 0);
    await answer(context.blue);
    await until('its line', async () => (await context.runtime.logs('blue', 1))[0] === 'GET /health');
    const before = (await context.runtime.logs('blue', 9)).filter((line) => line === 'GET /health').length;
    await sleep(20);
    const since = Date.now();
    await answer(context.blue);

    const lines = await until('the next line', async () => {
      const found = await context.runtime.logs('blue', 9, since);
      return found.length > 0 && found;
    });
    expect(lines).toEqual(['GET /health']);
    expect(before).toBeGreaterThan(0);
    const stop = new AbortController();
    for await (const first of context.runtime.follow('blue', 9, stop.signal, since)) {
      expect(first).toEqual(['GET /health']);
      stop.abort();
      break;
    }
  });

  it('is followed from a time since which it wrote nothing, without its earlier lines', async () => {
    await context.runtime.start(context.blue, await context.release('b2', { slow: '' }), 'one', 0);
    await answer(context.blue);
    await until('its line', async () => (await context.runtime.logs('blue', 1))[0] === 'GET /health');
    await sleep(20);
    const seen: string[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const lines of context.runtime.follow('blue', 9, stop.signal, Date.now()))
        seen.push(...lines);
    })();

    await sleep(700); // it has polled twice
    await context.runtime.start(context.blue, await context.release('c3'), 'two', 0);
    await answer(context.blue);

    await until('the first line of the next container', () => seen.includes('GET /health'));
    stop.abort();
    await following;
    expect(seen).toEqual([
      'SIGTERM',
      'finished my work',
      expect.stringMatching(/^--- \S+ c300000 starts on port/),
      'GET /health',
    ]);
  });

  it('is killed when it does not stop in time', async () => {
    await context.runtime.start(context.blue, await context.release('c3', { stubborn: '' }), 'proof', 0);
    await answer(context.blue);

    await context.runtime.stop('blue');

    expect(await context.runtime.list()).toEqual([]);
    expect(await context.runtime.logs('blue', 1)).toEqual(['SIGTERM']);
  });

  it('that cannot start is listed with its exit code, and its last lines are readable', async () => {
    await context.runtime.start(context.blue, await context.release('d4', { crash: '' }), 'proof', 0);

    const ended = await until('the second start', async () => {
      const listed = await running(context.blue);
      return listed && listed.restarts >= 1 && listed;
    });

    expect(ended).toMatchObject({ instance: 'proof', exitCode: 3 });
    expect(await context.runtime.logs('blue', 2)).toEqual(['opening the database', 'fatal: no database']);
  });

  it('that exceeds its memory limit is killed, and the cause stays readable after its restart', async () => {
    const small = await composeFixture(undefined, { compose: { memory: '96m', cpus: 1 } });
    try {
      const { runtime, blue } = small;
      await runtime.start(blue, await small.release('a9', { greedy: '' }), 'proof', 0);
      for (const restarts of [1, 2]) {
        await until('the next start', async () =>
          (await runtime.list('blue')).some(
            (listed) => listed.restarts >= restarts && listed.exitCode === 137,
          ),
        );
        expect(await until('the cause', () => runtime.exitReason('blue'))).toBe(
          'it ran out of memory (limit 96m)',
        );
      }
    } finally {
      await small.clear();
    }
    await context.runtime.start(context.blue, await context.release('d4', { crash: '' }), 'proof', 0);
    await until('the second start', async () => ((await running(context.blue))?.restarts ?? 0) >= 1);
    expect(await context.runtime.exitReason('blue')).toBeNull();
  });

  it('is restarted by the engine with the same instance, and its restart is counted', async () => {
    const release = await context.release('a1');
    const { pid } = await context.runtime.start(context.blue, release, 'proof', 0);
    await answer(context.blue);

    process.kill(pid as number, 'SIGKILL');

    const back = await until('another process', async () => {
      const listed = await running(context.blue);
      return listed?.pid != null && listed.pid !== pid && listed;
    });
    expect(back).toMatchObject({ commit: release.commit, instance: 'proof', restarts: 1, exitCode: 137 });
    expect(await answer(context.blue)).toMatchObject({ instance: 'proof' });
  });

  needs('root', root).test('changes no owner of a host file through a link in its data folder', async () => {
    const host = path.join(context.dir, 'host');
    mkdirSync(host);
    writeFileSync(path.join(host, 'passwords'), '');
    const release = await context.release('a1');
    await context.runtime.start(context.blue, release, 'first', 0);
    docker('exec', `${context.config.name}-blue`, 'ln', '-s', host, '/data/link');

    await context.runtime.start(context.blue, release, 'second', 0);

    expect([host, path.join(host, 'passwords')].map((file) => statSync(file).uid)).toEqual([0, 0]);
  });

  it('replaces the previous container of its slot', async () => {
    await context.runtime.start(context.blue, await context.release('a1'), 'first', 0);
    const release = await context.release('e5');
    await context.runtime.start(context.blue, release, 'second', 0);

    expect(await context.runtime.list()).toMatchObject([{ commit: release.commit, instance: 'second' }]);
  });

  it("leaves another home's containers and their names alone", async () => {
    const other = await composeFixture(context.config.name);
    try {
      await other.runtime.start(other.blue, await other.release('f6'), 'theirs', 0);

      expect(await context.runtime.list()).toEqual([]);
      await expect(
        context.runtime.start(context.blue, await context.release('a1'), 'ours', 0),
      ).rejects.toMatchObject({
        code: 'E_NAME_TAKEN',
      });
      await context.runtime.stop('blue');
      expect(await other.runtime.list()).toMatchObject([{ instance: 'theirs', status: 'online' }]);
    } finally {
      await other.clear();
    }
  });

  it('reports that the engine is down, and its saved log stays readable', async () => {
    await context.runtime.start(context.blue, await context.release('a1'), 'proof', 0);
    process.env.DOCKER_HOST = 'unix:///nowhere/docker.sock';
    try {
      await expect(context.runtime.list()).rejects.toMatchObject({ code: 'E_ENGINE' });
      expect((await context.runtime.logs('blue', 1))[0]).toContain('starts on port');
    } finally {
      delete process.env.DOCKER_HOST;
    }
  });
});

function answer({ port }: Slot): Promise<unknown> {
  return until('an answer', () =>
    fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: 'close' } })
      .then((response) => response.json() as unknown)
      .catch(() => undefined),
  );
}
