/** Rotates logs while they are written at full speed, and counts every line. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

import path from 'node:path';
import type { Home } from '../../deploy/home/home';
import { homeAt } from '../../deploy/home/home';
import { rotate } from '../../deploy/deployer/rotate-logs';
import { createPm2Runtime } from '../../deploy/runtimes/pm2';
import { logPosition, readRequests } from '../../deploy/traffic/access-log';
import type { DeployContext } from '../../deploy/context';
import { needs, root } from '../support/needs';
import { OTHER_USER } from '../support/other-user';
import { pm2Fixture, release } from '../support/pm2';
import type { Keep, Rotations } from '../support/rotation-under-load';
import { allLines, olderThan, rotateUnderLoad, rotationContext } from '../support/rotation-under-load';
import { fill, mountSmallDisk, smallDiskPossible, type SmallDisk } from '../support/small-disk';
import { firstOutput, startTypeScript } from '../support/second-process';
import { afterwards, tempHome } from '../support/temp-home';
import { trafficFixture } from '../support/traffic-fixture';
import { until } from '../support/until';

const PROGRAMS = path.join(__dirname, '..', 'support', 'programs');
const ROTATED: Partial<Rotations> = {
  failures: 0,
  older: ['1', ...Array.from({ length: 7 }, (_, index) => `${index + 2}.gz`)].sort(),
  open: 0,
  isSameMaster: true,
};

describe('nginx', () => {
  it('opens rotated logs without a reload: no request fails, none is missing in the log, and readers continue', async () => {
    const rotations = await rotateUnderLoad();
    expect(rotations).toMatchObject(ROTATED);
    expect(rotations).toMatchObject({ lines: rotations.requests, readOn: rotations.requests });
  });

  needs('root', root).test('opens rotated logs the same way for an ordinary user', async () => {
    const temporary = tempHome();
    chownSync(temporary, OTHER_USER, OTHER_USER);
    const rights = { uid: OTHER_USER, gid: OTHER_USER };
    const env = { ...process.env, TMPDIR: temporary, HOME: temporary };
    const child = startTypeScript(path.join(PROGRAMS, 'rotation.ts'), [], env, rights);
    const rotations = JSON.parse(await firstOutput(child)) as Rotations;
    expect(rotations).toMatchObject(ROTATED);
    expect(rotations).toMatchObject({ lines: rotations.requests, readOn: rotations.requests });
  });

  it('opens a removed log again, even in a folder that an older version closed to its workers', async () => {
    const traffic = await trafficFixture();
    afterwards(() => traffic.cleanUp());
    const { home } = traffic;
    const context = await contextFor(home, { logSize: '64k', logs: 5 });
    await traffic.startApp('blue');
    await traffic.traffic.shift({ active: 'blue', standby: null });
    await traffic.nginx.start();
    chmodSync(home.logs, 0o700);
    rmSync(home.accessLog);

    await rotate(context);
    const start = logPosition(home);
    await traffic.ask('/');

    await until('the line in the log', () => readRequests(home, start).requests.length === 1);
    expect(statSync(home.accessLog).mode & 0o077).toBe(0);
  });

  it('keeps the log files that a running deployment counts requests in', async () => {
    const traffic = await trafficFixture();
    afterwards(() => traffic.cleanUp());
    const { home } = traffic;
    const context = await contextFor(home, { logSize: '1k', logs: 1 });
    const { id } = await context.journal.request({
      kind: 'deploy',
      trigger: 'command',
      strategy: 'blue-green',
    });
    await context.journal.move(id, 'running');
    const start = logPosition(home);
    const line = `${JSON.stringify({ kind: 'app', uri: '/'.padEnd(2000, 'x') })}\n`;
    for (let turn = 0; turn < 3; turn++) {
      writeFileSync(home.accessLog, line, { flag: 'a' });
      await rotate(context);
    }
    expect(readRequests(home, start).requests).toHaveLength(3);
    await context.journal.move(id, 'succeeded');
    await rotate(context);
    expect(olderThan(home, 'access.log')).toEqual(['1']);
  });
});

it('nginx logs the start of a path, however long and odd it is', async () => {
  const traffic = await trafficFixture();
  afterwards(() => traffic.cleanUp());
  const { home } = traffic;
  mkdirSync(home.logs, { recursive: true });
  await traffic.startApp('blue');
  await traffic.traffic.shift({ active: 'blue', standby: null });
  await traffic.nginx.start();
  const from = logPosition(home);
  const paths = ['%01', '%0A', '%FF', '%22', 'x'].map((text) => `/${text.repeat(5000)}`);

  for (const long of paths) await traffic.ask(long);
  await traffic.ask('/', { method: 'A'.repeat(5000) });

  const requests = await until('the lines', () => {
    const read = readRequests(home, from).requests;
    return read.length === paths.length + 1 && read;
  });
  expect(requests.map(({ uri }) => uri.length)).toEqual([257, 257, 257, 257, 257, 1]);
  expect(requests.at(-1)?.method).toBe(`${'A'.repeat(16)}…`);
  const lines = allLines(home, 'access.log');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(2500);
});

describe('the limit for all logs together', () => {
  const size = (home: Home): number =>
    readdirSync(home.logs).reduce((sum, name) => sum + statSync(path.join(home.logs, name)).size, 0);

  it.each(['running', 'holding'] as const)('holds while a deployment is %s', async (state) => {
    const home = homeAt(tempHome());
    const context = await contextFor(home, { logSize: '10k', logs: 100, logDisk: '100k' });
    const { id } = await context.journal.request({
      kind: 'deploy',
      trigger: 'command',
      strategy: 'blue-green',
    });
    await context.journal.move(id, 'running');
    if (state === 'holding') await context.journal.hold(id);
    for (let turn = 0; turn < 30; turn++) {
      writeFileSync(home.accessLog, randomBytes(16_000), { flag: 'a' });
      await rotate(context);
      expect(size(home)).toBeLessThan(120_000);
    }
    // a deployment counts requests in the newest one
    expect(olderThan(home, 'access.log')).toContain('1');
  });
});

needs('a small disk', smallDiskPossible).describe('a rotation on a full disk', () => {
  let disk: SmallDisk;
  beforeAll(() => void (disk = mountSmallDisk('1m')));
  afterAll(() => disk.unmount());

  it('keeps a log that cannot be copied and removes old files of all logs', async () => {
    const home = homeAt(path.join(disk.dir, 'home'));
    mkdirSync(home.pm2, { recursive: true });
    const context = await contextFor(home, { logSize: '1k', logs: 2 });
    const own = path.join(home.pm2, 'pm2.log');
    writeFileSync(own, 'x'.repeat(100_000));
    writeFileSync(`${own}.1`, 'the newest');
    for (const log of ['access.log', 'deployments.log'])
      for (const number of [1, 2, 3]) writeFileSync(path.join(home.logs, `${log}.${number}`), `${number}`);
    fill(path.join(disk.dir, 'ballast'));

    for (let turn = 0; turn < 3; turn++) await expect(rotate(context)).rejects.toThrow('ENOSPC');

    expect(statSync(own).size).toBe(100_000);
    expect(readFileSync(`${own}.1`, 'utf8')).toBe('the newest');
    expect(
      readdirSync(home.pm2)
        .filter((name) => name.startsWith('pm2.log'))
        .sort(),
    ).toEqual(['pm2.log', 'pm2.log.1']);
    for (const log of ['access.log', 'deployments.log']) expect(olderThan(home, log)).not.toContain('3');
  });
});

describe('PM2', () => {
  it('keeps its own log open while it is rotated', async () => {
    const pm2 = await pm2Fixture();
    afterwards(() => pm2.clear());
    const { home, blue } = pm2;
    mkdirSync(home.dir, { recursive: true });
    const context = await contextFor(home, { logSize: '1k', logs: 2 });
    const runtime = createPm2Runtime({ home, stopSeconds: 1 });
    const log = path.join(home.pm2, 'pm2.log');
    const older = (): string[] => readdirSync(home.pm2).filter((name) => name.startsWith('pm2.log.'));
    await runtime.start(blue, release(pm2), 'instance');
    for (let turn = 0; turn < 4; turn++) {
      const filler = `${'x'.repeat(2000)} ${turn}`;
      writeFileSync(log, `${filler}\n`, { flag: 'a' });
      await rotate(context);
      expect(readFileSync(`${log}.1`, 'utf8')).toContain(filler);
      expect(statSync(log).size).toBeLessThan(1024);
    }
    // later lines start the new file
    await runtime.stop('blue');
    expect(await until("PM2's line", () => readFileSync(log, 'utf8'))).toMatch(/^\d{4}-\d\d-\d\dT.*PM2/);
    expect(older().sort()).toEqual(['pm2.log.1', 'pm2.log.2.gz']);
  });

  it('continues in new files, and no line of standard output or standard error is lost', async () => {
    const pm2 = await pm2Fixture();
    afterwards(() => pm2.clear());
    const { home, blue } = pm2;
    mkdirSync(home.dir, { recursive: true });
    const context = await contextFor(home, { logSize: '64k', logs: 100 });
    const runtime = createPm2Runtime({ home, stopSeconds: 1 });
    const chatty = release(pm2);
    const enough = path.join(pm2.dir, 'enough');
    writeFileSync(path.join(chatty.dir, 'server.js'), chattyApp(enough));
    await runtime.start(blue, chatty, 'instance');

    const log = path.join(home.logs, 'app-blue.log');
    for (let turn = 0; turn < 10; turn++) {
      await until('the log to grow', () => statSync(log).size > 64 * 1024);
      await rotate(context);
    }
    writeFileSync(enough, '');
    const logged = await until('the last line of the app', () => {
      const lines = allLines(home, 'app-blue.log');
      return lines.includes('out end') && lines.includes('err end') && lines;
    });

    for (const stream of ['out', 'err']) {
      const numbers = logged.flatMap((line) => (line.startsWith(`${stream} `) ? [line.slice(4)] : []));
      expect(numbers.length).toBeGreaterThan(10_000);
      expect(numbers).toEqual([...numbers.slice(1).map((_, index) => String(index)), 'end']);
    }
    // a request for more lines than the new file has includes older ones
    const last = await runtime.logs('blue', 4000);
    expect(last).toEqual(logged.slice(-4000));
  });
});

/** Writes to both streams in batches of a hundred lines until a file exists. */
function chattyApp(enough: string): string {
  return `
    let count = 0;
    const write = (text) => {
      console.log('out ' + text);
      console.error('err ' + text);
    };
    const more = () => {
      for (let line = 0; line < 100; line++) write(count++);
      if (require('node:fs').existsSync(${JSON.stringify(enough)})) write('end');
      else setTimeout(more, 2);
    };
    more();
    setInterval(() => {}, 1e6);
  `;
}

async function contextFor(home: Home, keep: Keep): Promise<DeployContext> {
  const context = await rotationContext(home, tempHome(), keep);
  afterwards(() => context.journal.close());
  return context;
}
