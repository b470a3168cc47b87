import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Release, RunningSlot, Slot } from '../../deploy/core/types';
import { homeAt } from '../../deploy/home';
import { createPm2Runtime } from '../../deploy/runtimes/pm2';
import { pm2Daemons } from '../../deploy/runtimes/pm2-daemon';
import { stopPm2 } from '../../deploy/runtimes/pm2-deployer';

const TINY_APP = path.join(__dirname, '..', 'support', 'tiny-app');
const COMMIT = 'a1b2c3d'.padEnd(40, '0');

let dir: string;
let home: ReturnType<typeof homeAt>;
let green: Slot;

beforeEach(async () => {
  // a space in the path: PM2's own start would hand such a script to bash
  dir = mkdtempSync(path.join(tmpdir(), 'switchyard pm2-'));
  home = homeAt(path.join(dir, 'home'));
  green = { name: 'green', port: await freePort() };
});

afterEach(async () => {
  await stopPm2({ home, stopSeconds: 0 });
  rmSync(dir, { recursive: true, force: true });
});

describe('a release in a slot', () => {
  it('is started as if by hand, is listed as what it is, and is gone after stop', async () => {
    const runtime = createPm2Runtime({ home, stopSeconds: 5 });

    const started = await runtime.start(green, release(), 'first');

    expect(started).toMatchObject({ slot: 'green', commit: COMMIT, instance: 'first', restarts: 0 });
    expect(await answer(green)).toEqual({ commit: COMMIT, instance: 'first', main: true });
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
    expect(isGone(started)).toBe(true);
    expect(await runtime.list()).toEqual([]);
  });

  it('takes the place of the one before it', async () => {
    const runtime = createPm2Runtime({ home, stopSeconds: 5 });
    const before = await runtime.start(green, release(), 'before');
    await answer(green);

    await runtime.start(green, release(), 'after');

    expect(isGone(before)).toBe(true);
    expect(await answer(green)).toMatchObject({ instance: 'after' });
    expect(await runtime.list()).toMatchObject([{ instance: 'after', restarts: 0 }]);
  });

  it('is refused when the file to start is not in it', async () => {
    const missing = release();
    missing.app.start = 'dist/nowhere.js';

    await expect(createPm2Runtime({ home, stopSeconds: 5 }).start(green, missing, 'x')).rejects.toMatchObject(
      {
        code: 'E_CONFIG',
        message: expect.stringContaining('dist/nowhere.js'),
      },
    );
  });

  it('gets no variable of the caller that is not on the list, and neither does PM2', async () => {
    process.env.WEBHOOK_SECRET = 'not for the app';
    process.env.FOO = 'bar';
    try {
      await createPm2Runtime({ home, stopSeconds: 5 }).start(green, release(), 'x');
    } finally {
      delete process.env.WEBHOOK_SECRET;
      delete process.env.FOO;
    }

    const [slot] = await createPm2Runtime({ home, stopSeconds: 5 }).list();
    const [daemon] = pm2Daemons(home);
    for (const pid of [slot?.pid, daemon?.pid]) {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      expect(environment).toContain('PATH=');
      expect(environment).not.toMatch(/WEBHOOK_SECRET|not for the app|FOO=/);
    }
    execFileSync(process.execPath, [PM2, 'save'], { env: { PATH: process.env.PATH, PM2_HOME: home.pm2 } });
    expect(readFileSync(path.join(home.pm2, 'dump.pm2'), 'utf8')).not.toMatch(/WEBHOOK_SECRET|FOO/);
  });
});

describe('stopping a slot', () => {
  it('that is empty does nothing, not even launch PM2', async () => {
    await createPm2Runtime({ home, stopSeconds: 5 }).stop('green');

    expect(pm2Daemons(home)).toEqual([]);
  });

  it('gives an app the time to finish its work', async () => {
    const runtime = createPm2Runtime({ home, stopSeconds: 5 });
    await runtime.start(green, release('slow'), 'x');
    await answer(green);

    await runtime.stop('green');

    expect(await runtime.logs('green', 2)).toEqual(['SIGTERM', 'finished my work']);
  });

  it('kills an app that does not end within the stop timeout', async () => {
    const runtime = createPm2Runtime({ home, stopSeconds: 0.5 });
    const started = await runtime.start(green, release('stubborn'), 'x');
    await answer(green);
    const begun = performance.now();

    await runtime.stop('green');

    expect(performance.now() - begun).toBeGreaterThan(450);
    expect(isGone(started)).toBe(true);
    expect(await runtime.logs('green', 1)).toEqual(['SIGTERM']);
  });

  it('ends what the app has started too', async () => {
    const runtime = createPm2Runtime({ home, stopSeconds: 5 });
    const withChild = release('with-child');
    await runtime.start(green, withChild, 'x');
    await answer(green);
    const pid = Number(readFileSync(path.join(withChild.dir, 'child.pid'), 'utf8'));
    expect(isGone({ pid })).toBe(false);

    await runtime.stop('green');

    expect(isGone({ pid })).toBe(true);
  });
});

describe('an app that ends by itself', () => {
  it('is started again after kill -9, and its restarts count up', async () => {
    const runtime = createPm2Runtime({ home, stopSeconds: 5 });
    const started = await runtime.start(green, release(), 'x');
    await answer(green);

    process.kill(started.pid as number, 'SIGKILL');

    const again = await until(async () =>
      (await runtime.list()).find((slot) => slot.restarts === 1 && slot.pid),
    );
    expect(again).toMatchObject({ instance: 'x', status: 'online' });
    expect(again.pid).not.toBe(started.pid);
    expect(again.orphan).toBeUndefined();
  });

  it('is seen with its exit code and its last words when it crashes at the start', async () => {
    const runtime = createPm2Runtime({ home, stopSeconds: 5 });

    await runtime.start(green, release('crash'), 'x');

    const crashed = await until(async () => (await runtime.list()).find((slot) => slot.status === 'crashed'));
    expect(crashed).toMatchObject({ slot: 'green', instance: 'x', exitCode: 3, pid: null });
    await until(async () => (await runtime.list()).find((slot) => slot.restarts > 0));
    expect(await runtime.logs('green', 2)).toEqual(['opening the database', 'fatal: no database']);
    await runtime.stop('green');
    expect(await runtime.list()).toEqual([]);
  });
});

describe("when PM2's daemon is killed", () => {
  it('the slot serves on, is listed as an orphan, and is ended by stop', async () => {
    const runtime = createPm2Runtime({ home, stopSeconds: 5 });
    const started = await runtime.start(green, release('slow'), 'x');
    await answer(green);

    killDaemon();

    // more than one: the first line written to the broken pipe does not yet hurt
    for (let request = 0; request < 3; request += 1)
      expect(await answer(green)).toMatchObject({ instance: 'x' });
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
    expect(isGone(started)).toBe(true);
    expect(await runtime.list()).toEqual([]);
  });

  it('a new one is launched by the next start, and the orphan of the other slot stays', async () => {
    const runtime = createPm2Runtime({ home, stopSeconds: 5 });
    await runtime.start(green, release(), 'orphan');
    await answer(green);
    killDaemon();
    const blue = { name: 'blue', port: await freePort() };

    await runtime.start(blue, release(), 'new');

    expect(await answer(blue)).toMatchObject({ instance: 'new' });
    expect(await runtime.list()).toMatchObject([
      { slot: 'blue', instance: 'new' },
      { slot: 'green', instance: 'orphan', orphan: true },
    ]);
  });

  it('starting in the slot of the orphan ends the orphan first', async () => {
    const runtime = createPm2Runtime({ home, stopSeconds: 5 });
    const orphan = await runtime.start(green, release(), 'orphan');
    await answer(green);
    killDaemon();

    await runtime.start(green, release(), 'new');

    expect(isGone(orphan)).toBe(true);
    expect(await answer(green)).toMatchObject({ instance: 'new' });
  });
});

it('looking while slots are started and stopped disturbs nothing and sees no orphan', async () => {
  const runtime = createPm2Runtime({ home, stopSeconds: 5 });
  let working = true;
  const watcher = (async () => {
    let looks = 0;
    for (; working; looks += 1) expect((await runtime.list()).filter((slot) => slot.orphan)).toEqual([]);
    return looks;
  })();

  for (const instance of ['one', 'two', 'three']) {
    await runtime.start(green, release(), instance);
    expect(await answer(green)).toMatchObject({ instance });
  }
  await runtime.stop('green');

  working = false;
  expect(await watcher).toBeGreaterThan(5);
  expect(pm2Daemons(home)).toHaveLength(1);
});

it('two who launch PM2 at the same time get one daemon', async () => {
  const runtime = createPm2Runtime({ home, stopSeconds: 5 });
  const blue = { name: 'blue', port: await freePort() };

  await Promise.all([runtime.start(green, release(), 'g'), runtime.start(blue, release(), 'b')]);

  expect(pm2Daemons(home)).toHaveLength(1);
  expect(await runtime.list()).toHaveLength(2);
});

const PM2 = path.join(path.dirname(require.resolve('pm2/package.json')), 'bin', 'pm2');

let releases = 0;

/** A release of the tiny app. @param faults see there */
function release(...faults: string[]): Release {
  const folder = path.join(dir, `release ${(releases += 1)}`);
  cpSync(TINY_APP, folder, { recursive: true });
  for (const fault of faults) writeFileSync(path.join(folder, fault), '');
  const app = { start: 'server.js', test: null, build: null, migrate: null, health: '/health', smoke: [] };
  return { commit: COMMIT, version: '1.0.0', subject: 'tiny', dir: folder, app };
}

/** What the app in a slot answers, as soon as it listens. */
function answer({ port }: Slot): Promise<unknown> {
  return until(() =>
    fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: 'close' } })
      .then((response) => response.json() as unknown)
      .catch(() => undefined),
  );
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    const seen = await look();
    if (seen) return seen;
    await sleep(20);
  }
  throw new Error('it did not come true within 10 s');
}

function killDaemon(): void {
  for (const { pid } of pm2Daemons(home)) process.kill(pid, 'SIGKILL');
}

function isGone({ pid }: Pick<RunningSlot, 'pid'>): boolean {
  return !existsSync(`/proc/${pid}`) || / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
