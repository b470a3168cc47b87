import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Runtime } from '../../deploy/core/interfaces';
import type { RunningSlot } from '../../deploy/core/slot';
import { createPm2Runtime } from '../../deploy/runtimes/pm2';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import type { Pm2Fixture } from '../support/pm2';
import { COMMIT, answer, isGone, killPm2Daemon, pm2Fixture, release } from '../support/pm2';
import { until } from '../support/until';

const PM2 = path.join(path.dirname(require.resolve('pm2/package.json')), 'bin', 'pm2');

let context: Pm2Fixture;
let runtime: Runtime;

beforeEach(async () => {
  context = await pm2Fixture();
  runtime = createPm2Runtime({ home: context.home, stopSeconds: 5 });
});

afterEach(() => context.clear());

describe('a release in a slot', () => {
  it('is started, is listed with its state, and is gone after a stop', async () => {
    const started = await runtime.start(context.green, release(context), 'first');

    expect(started).toMatchObject({ slot: 'green', commit: COMMIT, instance: 'first', restarts: 0 });
    expect(await answer(context.green)).toEqual({ commit: COMMIT, instance: 'first', main: true });
    const { pid } = started;
    expect(await runtime.list()).toEqual([
      {
        slot: 'green',
        commit: COMMIT,
        instance: 'first',
        pid,
        restarts: 0,
        status: 'online',
        exitCode: null,
      },
    ]);
    await runtime.stop('green');
    expect(isGone(started.pid)).toBe(true);
    expect(await runtime.list()).toEqual([]);
  });

  it('replaces the previous release', async () => {
    const before = await runtime.start(context.green, release(context), 'before');
    await answer(context.green);

    await runtime.start(context.green, release(context), 'after');

    expect(isGone(before.pid)).toBe(true);
    expect(await answer(context.green)).toMatchObject({ instance: 'after' });
    expect(await runtime.list()).toMatchObject([{ instance: 'after', restarts: 0 }]);
  });

  it('is refused without its start file', async () => {
    const missing = release(context);
    missing.app.start = 'dist/nowhere.js';

    await expect(runtime.start(context.green, missing, 'x')).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('dist/nowhere.js'),
    });
  });

  it('gets only allow-listed variables of the caller, and so does PM2', async () => {
    process.env.WEBHOOK_SECRET = 'not for the app';
    process.env.FOO = 'bar';
    try {
      await runtime.start(context.green, release(context), 'x');
    } finally {
      delete process.env.WEBHOOK_SECRET;
      delete process.env.FOO;
    }

    const [slot] = await runtime.list();
    const [daemon] = pm2Daemons(context.home);
    for (const pid of [slot?.pid, daemon?.pid]) {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      expect(environment).toContain('PATH=');
      expect(environment).not.toMatch(/WEBHOOK_SECRET|not for the app|FOO=/);
    }
    execFileSync(process.execPath, [PM2, 'save'], {
      env: { PATH: process.env.PATH, PM2_HOME: context.home.pm2 },
    });
    expect(readFileSync(path.join(context.home.pm2, 'dump.pm2'), 'utf8')).not.toMatch(/WEBHOOK_SECRET|"FOO"/);
  });
});

describe('stopping a slot', () => {
  it('that is empty does nothing and does not launch PM2', async () => {
    await runtime.stop('green');

    expect(pm2Daemons(context.home)).toEqual([]);
  });

  it('gives an app time to finish its work', async () => {
    await runtime.start(context.green, release(context, 'slow'), 'x');
    await answer(context.green);

    await runtime.stop('green');

    expect(await runtime.logs('green', 2)).toEqual(['SIGTERM', 'finished my work']);
  });

  it('kills an app that does not stop within the stop limit', async () => {
    const shortLimit = createPm2Runtime({ home: context.home, stopSeconds: 2.5 });
    const started = await shortLimit.start(context.green, release(context, 'stubborn'), 'x');
    await answer(context.green);
    const stopping = performance.now();

    await shortLimit.stop('green');

    const tookMs = performance.now() - stopping;
    // PM2's own timeout of 1.6 s must not apply
    expect(tookMs).toBeGreaterThan(2450);
    expect(isGone(started.pid)).toBe(true);
    expect(await runtime.logs('green', 1)).toEqual(['SIGTERM']);
  });

  it("also stops the app's child processes", async () => {
    const withChild = release(context, 'with-child');
    await runtime.start(context.green, withChild, 'x');
    await answer(context.green);
    const pid = Number(readFileSync(path.join(withChild.dir, 'child.pid'), 'utf8'));
    expect(isGone(pid)).toBe(false);

    await runtime.stop('green');

    expect(isGone(pid)).toBe(true);
  });
});

describe('an app that exits by itself', () => {
  it('is restarted after kill -9, and its restarts are counted', async () => {
    const started = await runtime.start(context.green, release(context), 'x');
    await answer(context.green);

    process.kill(started.pid as number, 'SIGKILL');

    const again = await until('the restarted app', async () =>
      (await runtime.list()).find((slot) => slot.restarts === 1 && slot.pid),
    );
    expect(again).toMatchObject({ instance: 'x', status: 'online' });
    expect(again.pid).not.toBe(started.pid);
    expect(again.orphan).toBeUndefined();
  });

  it('is listed with its exit code and its last lines when it crashes at startup', async () => {
    await runtime.start(context.green, release(context, 'crash'), 'x');

    const crashed = await until('the crashed app', async () =>
      (await runtime.list()).find((slot) => slot.status === 'crashed'),
    );
    expect(crashed).toMatchObject({ slot: 'green', instance: 'x', exitCode: 3, pid: null });
    const written = await until('its last lines', async () => {
      const lines = await runtime.logs('green', 20);
      return lines.includes('fatal: no database') ? lines : undefined;
    });
    expect(written).toContain('opening the database');
    await until('a restart', async () => (await runtime.list()).find((slot) => slot.restarts > 0));
    await runtime.stop('green');
    expect(await runtime.list()).toEqual([]);
  });
});

describe('an app that is killed', () => {
  it('is listed with its signal, and its last line is readable', async () => {
    const dying = release(context);
    const script =
      "console.log('x'.repeat(60_000)); console.error('last words'); process.kill(process.pid, 'SIGKILL');";
    writeFileSync(path.join(dying.dir, 'server.js'), script);
    for (let round = 0; round < 10; round++) {
      await runtime.start(context.green, dying, 'x');
      const ended = await until('the killed app', async () =>
        (await runtime.list('green')).find(({ status }) => status === 'crashed'),
      );
      expect(ended).toMatchObject({ signal: 'SIGKILL', exitCode: null });
      expect((await runtime.logs('green', 1)).at(-1)).toBe('last words');
      await runtime.stop('green');
    }
  });
});

describe("when PM2's daemon is killed", () => {
  it('the slot keeps serving, is listed as an orphan, and can be stopped', async () => {
    const started = await runtime.start(context.green, release(context, 'slow'), 'x');
    await answer(context.green);

    killPm2Daemon(context);

    // several, because each writes a line into the broken pipe
    const answers = [await answer(context.green), await answer(context.green), await answer(context.green)];
    expect(answers).toEqual(Array(3).fill(expect.objectContaining({ instance: 'x' })));
    const { pid } = started;
    expect(await runtime.list()).toEqual([
      {
        slot: 'green',
        commit: COMMIT,
        instance: 'x',
        pid,
        restarts: 0,
        status: 'online',
        exitCode: null,
        orphan: true,
      },
    ]);
    await runtime.stop('green');
    expect(isGone(started.pid)).toBe(true);
    expect(await runtime.list()).toEqual([]);
  });

  it('the next start launches a new one, and the orphan in the other slot stays', async () => {
    await runtime.start(context.green, release(context), 'orphan');
    await answer(context.green);
    killPm2Daemon(context);

    await runtime.start(context.blue, release(context), 'new');

    expect(await answer(context.blue)).toMatchObject({ instance: 'new' });
    expect(await runtime.list()).toMatchObject([
      { slot: 'blue', instance: 'new' },
      { slot: 'green', instance: 'orphan', orphan: true },
    ]);
  });

  it("a start in the orphan's slot stops the orphan first", async () => {
    const orphan = await runtime.start(context.green, release(context), 'orphan');
    await answer(context.green);
    killPm2Daemon(context);

    await runtime.start(context.green, release(context), 'new');

    expect(isGone(orphan.pid)).toBe(true);
    expect(await answer(context.green)).toMatchObject({ instance: 'new' });
  });
});

it('listing slots during starts and stops disturbs nothing and reports no orphan', async () => {
  const lists: RunningSlot[][] = [];
  let working = true;
  const work = startAndStopOften().finally(() => (working = false));

  while (working) lists.push(await runtime.list());

  await work;
  expect(lists.flat().filter((slot) => slot.orphan)).toEqual([]);
  expect(lists.length).toBeGreaterThan(5);
  expect(await answer(context.green)).toMatchObject({ instance: 'the last' });
  expect(pm2Daemons(context.home)).toHaveLength(1);
});

async function startAndStopOften(): Promise<void> {
  for (let round = 0; round < 15; round += 1) {
    await runtime.stop('green');
    await runtime.start(context.green, release(context), `round ${round}`);
  }
  await runtime.start(context.green, release(context), 'the last');
}

it('two parallel launches of PM2 share one daemon', async () => {
  await Promise.all([
    runtime.start(context.green, release(context), 'g'),
    runtime.start(context.blue, release(context), 'b'),
  ]);

  expect(pm2Daemons(context.home)).toHaveLength(1);
  expect(await runtime.list()).toHaveLength(2);
});
