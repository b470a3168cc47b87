import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Runtime } from '../../deploy/core/interfaces';
import type { RunningSlot } from '../../deploy/core/slot';
import { createPm2Runtime } from '../../deploy/runtimes/pm2';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import type { Pm2Fixture } from '../support/pm2';
import { COMMIT, answer, isGone, killPm2Daemon, pm2Fixture, release, until } from '../support/pm2';

const PM2 = path.join(path.dirname(require.resolve('pm2/package.json')), 'bin', 'pm2');

let context: Pm2Fixture;
let runtime: Runtime;

beforeEach(async () => {
  context = await pm2Fixture();
  runtime = createPm2Runtime({ home: context.home, stopSeconds: 5 });
});

afterEach(() => context.clear());

describe('a release in a slot', () => {
  it('is started as if by hand, is listed as what it is, and is gone after stop', async () => {
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

  it('takes the place of the one before it', async () => {
    const before = await runtime.start(context.green, release(context), 'before');
    await answer(context.green);

    await runtime.start(context.green, release(context), 'after');

    expect(isGone(before.pid)).toBe(true);
    expect(await answer(context.green)).toMatchObject({ instance: 'after' });
    expect(await runtime.list()).toMatchObject([{ instance: 'after', restarts: 0 }]);
  });

  it('is refused when the file to start is not in it', async () => {
    const missing = release(context);
    missing.app.start = 'dist/nowhere.js';

    await expect(runtime.start(context.green, missing, 'x')).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('dist/nowhere.js'),
    });
  });

  it('gets no variable of the caller that is not on the list, and neither does PM2', async () => {
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
  it('that is empty does nothing, not even launch PM2', async () => {
    await runtime.stop('green');

    expect(pm2Daemons(context.home)).toEqual([]);
  });

  it('gives an app the time to finish its work', async () => {
    await runtime.start(context.green, release(context, 'slow'), 'x');
    await answer(context.green);

    await runtime.stop('green');

    expect(await runtime.logs('green', 2)).toEqual(['SIGTERM', 'finished my work']);
  });

  it('kills an app that does not end within the stop timeout', async () => {
    const impatient = createPm2Runtime({ home: context.home, stopSeconds: 2.5 });
    const started = await impatient.start(context.green, release(context, 'stubborn'), 'x');
    await answer(context.green);
    const begun = performance.now();

    await impatient.stop('green');

    const took = performance.now() - begun;
    // PM2's own timeout, which must not be the one that counts, is 1.6 s
    expect(took).toBeGreaterThan(2450);
    expect(isGone(started.pid)).toBe(true);
    expect(await runtime.logs('green', 1)).toEqual(['SIGTERM']);
  });

  it('ends what the app has started too', async () => {
    const withChild = release(context, 'with-child');
    await runtime.start(context.green, withChild, 'x');
    await answer(context.green);
    const pid = Number(readFileSync(path.join(withChild.dir, 'child.pid'), 'utf8'));
    expect(isGone(pid)).toBe(false);

    await runtime.stop('green');

    expect(isGone(pid)).toBe(true);
  });
});

describe('an app that ends by itself', () => {
  it('is started again after kill -9, and its restarts count up', async () => {
    const started = await runtime.start(context.green, release(context), 'x');
    await answer(context.green);

    process.kill(started.pid as number, 'SIGKILL');

    const again = await until(async () =>
      (await runtime.list()).find((slot) => slot.restarts === 1 && slot.pid),
    );
    expect(again).toMatchObject({ instance: 'x', status: 'online' });
    expect(again.pid).not.toBe(started.pid);
    expect(again.orphan).toBeUndefined();
  });

  it('is seen with its exit code and its last words when it crashes at the start', async () => {
    await runtime.start(context.green, release(context, 'crash'), 'x');

    const crashed = await until(async () => (await runtime.list()).find((slot) => slot.status === 'crashed'));
    expect(crashed).toMatchObject({ slot: 'green', instance: 'x', exitCode: 3, pid: null });
    const written = await until(async () => {
      const lines = await runtime.logs('green', 20);
      return lines.includes('fatal: no database') ? lines : undefined;
    });
    expect(written).toContain('opening the database');
    await until(async () => (await runtime.list()).find((slot) => slot.restarts > 0));
    await runtime.stop('green');
    expect(await runtime.list()).toEqual([]);
  });
});

describe('an app that is killed', () => {
  it('is seen with its signal and with the last line that it wrote', async () => {
    const dying = release(context);
    const story =
      "console.log('x'.repeat(60_000)); console.error('last words'); process.kill(process.pid, 'SIGKILL');";
    writeFileSync(path.join(dying.dir, 'server.js'), story);
    for (let round = 0; round < 10; round++) {
      await runtime.start(context.green, dying, 'x');
      const ended = await until(async () =>
        (await runtime.list('green')).find(({ status }) => status === 'crashed'),
      );
      expect(ended).toMatchObject({ signal: 'SIGKILL', exitCode: null });
      expect((await runtime.logs('green', 1)).at(-1)).toBe('last words');
      await runtime.stop('green');
    }
  });
});

describe("when PM2's daemon is killed", () => {
  it('the slot serves on, is listed as an orphan, and is ended by stop', async () => {
    const started = await runtime.start(context.green, release(context, 'slow'), 'x');
    await answer(context.green);

    killPm2Daemon(context);

    // more than one: each writes a line into the broken pipe
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

  it('a new one is launched by the next start, and the orphan of the other slot stays', async () => {
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

  it('starting in the slot of the orphan ends the orphan first', async () => {
    const orphan = await runtime.start(context.green, release(context), 'orphan');
    await answer(context.green);
    killPm2Daemon(context);

    await runtime.start(context.green, release(context), 'new');

    expect(isGone(orphan.pid)).toBe(true);
    expect(await answer(context.green)).toMatchObject({ instance: 'new' });
  });
});

it('looking while slots are started and stopped disturbs nothing and sees no orphan', async () => {
  const looks: RunningSlot[][] = [];
  let working = true;
  const work = startAndStopOften().finally(() => (working = false));

  while (working) looks.push(await runtime.list());

  await work;
  expect(looks.flat().filter((slot) => slot.orphan)).toEqual([]);
  expect(looks.length).toBeGreaterThan(5);
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

it('two who launch PM2 at the same time get one daemon', async () => {
  await Promise.all([
    runtime.start(context.green, release(context), 'g'),
    runtime.start(context.blue, release(context), 'b'),
  ]);

  expect(pm2Daemons(context.home)).toHaveLength(1);
  expect(await runtime.list()).toHaveLength(2);
});
