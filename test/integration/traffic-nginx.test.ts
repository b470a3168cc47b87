/** Starting and stopping a real nginx, and everything that can stand in its way. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { homeAt } from '../../deploy/home/home';
import { configFile, errorLog } from '../../deploy/traffic/nginx-files';
import { processesOf } from '../../deploy/traffic/nginx-processes';
import { nginxServer } from '../../deploy/traffic/nginx-server';
import { portHolder, portInUse } from '../../deploy/os/port-holder';
import { needs, root } from '../support/needs';
import { trafficFixture, type TrafficFixture } from '../support/traffic-fixture';

const itAsRoot = needs('root', root).test;

let context: TrafficFixture;
const cleanUps: (() => unknown)[] = [];

beforeEach(async () => {
  context = await trafficFixture();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  await context.cleanUp();
});

test('it serves when start returns, and nothing of it is left when stop returns', async () => {
  await context.nginx.start();
  const { pid } = context.nginx.running() ?? {};
  expect(portHolder(context.ports.http)).toEqual({ pid, command: 'nginx' });
  expect((await context.ask('/')).json.error.code).toBe('E_NO_SLOT');
  await context.nginx.stop();
  expect(context.nginx.running()).toBeNull();
  expect(processesOf(context.home)).toEqual([]);
  expect(portInUse(context.ports.http)).toBe(false);
});

test('a second start changes nothing, and a second stop neither', async () => {
  await context.nginx.start();
  const before = context.nginx.running();
  await context.nginx.start();
  expect(context.nginx.running()).toEqual(before);
  await context.nginx.stop();
  await context.nginx.stop();
});

test('a stream that stays open does not hold up the stop for longer than it may', async () => {
  await context.startApp('blue');
  await context.nginx.start();
  await context.traffic.shift({ active: 'blue', standby: null });
  const stream = get({
    host: '127.0.0.1',
    port: context.ports.http,
    path: '/events',
    headers: { accept: 'text/event-stream' },
  });
  const [response] = (await once(stream, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  await context.nginx.stop({ graceMs: 100 });
  expect(processesOf(context.home)).toEqual([]);
});

test('it is started with nothing of our environment', async () => {
  process.env.WEBHOOK_SECRET = 'do-not-pass-on';
  cleanUps.push(() => delete process.env.WEBHOOK_SECRET);
  // nginx itself overwrites what it was given, so another program in its place tells
  const folder = fakeNginx('nginx version: nginx/1.22.1', 'env > "$(dirname "$0")/environment"');
  await nginxServer(context.home, context.config, { searchPath: folder }).version();
  const given = readFileSync(path.join(folder, 'environment'), 'utf8').trim().split('\n');
  const names = given.map((line) => line.split('=')[0]);
  // the last two are the shell's own
  expect(names.filter((name) => !['PATH', 'LC_ALL', 'PWD', '_'].includes(name ?? ''))).toEqual([]);
});

test('its logs are readable by their owner only', async () => {
  await context.nginx.start();
  for (const log of [context.home.accessLog, errorLog(context.home)])
    expect(statSync(log).mode & 0o777).toBe(0o600);
});

describe('after a kill', () => {
  test('the workers of a killed master serve on, and the next start takes their place', async () => {
    await context.startApp('blue');
    await context.nginx.start();
    await context.traffic.shift({ active: 'blue', standby: null });
    const orphans = await killMaster();
    expect(context.nginx.running()).toBeNull();
    expect((await context.ask('/version')).json).toEqual({ version: 'blue' });
    await context.nginx.start();
    expect((await context.ask('/version')).json).toEqual({ version: 'blue' });
    await gone(orphans);
  });

  test('stop ends the workers of a killed master', async () => {
    await context.nginx.start();
    const orphans = await killMaster();
    expect(orphans.length).toBeGreaterThan(0);
    await context.nginx.stop();
    expect(processesOf(context.home)).toEqual([]);
    expect(portInUse(context.ports.http)).toBe(false);
  });

  test('sockets and pid file left behind do not stop the next start', async () => {
    await context.nginx.start();
    const orphans = await killMaster();
    for (const pid of orphans) process.kill(pid, 'SIGKILL');
    await gone(orphans);
    expect(existsSync(path.join(context.home.nginx, 'after-blue.sock'))).toBe(true);
    await context.nginx.start();
    expect(context.nginx.running()).not.toBeNull();
  });
});

describe('what is in the way is named', () => {
  test('a port that is taken, by whom, and a port that is free', async () => {
    await listen(context.ports.http);
    await expect(context.nginx.start()).rejects.toMatchObject({
      code: 'E_PORT_IN_USE',
      message: `Port ${context.ports.http} is held by node (pid ${process.pid}).`,
      hint: expect.stringMatching(/HTTP_PORT=\d+ npm start$/),
    });
    expect(processesOf(context.home)).toEqual([]);
  });

  test("another home's nginx is not taken for ours", async () => {
    await context.nginx.start();
    const other = await trafficFixture();
    cleanUps.push(() => other.cleanUp());
    await other.nginx.start();
    await other.nginx.stop();
    expect(other.nginx.running()).toBeNull();
    expect(context.nginx.running()).not.toBeNull();
  });

  test('a process that only looks like nginx in the pid file is left alone', async () => {
    const stranger = spawn('sleep', ['60']);
    cleanUps.push(() => stranger.kill());
    writeFileSync(path.join(context.home.nginx, 'nginx.pid'), `${stranger.pid}\n`);
    expect(context.nginx.running()).toBeNull();
    await context.nginx.stop();
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });

  itAsRoot("the first folder that the workers' user may not enter", async () => {
    chmodSync(context.home.dir, 0o700);
    await expect(context.nginx.start()).rejects.toMatchObject({
      code: 'E_UNREADABLE_TABLE',
      message: expect.stringMatching(new RegExp(`^nginx's user \\S+ may not enter ${context.home.dir}\\.$`)),
    });
    expect(context.nginx.running()).toBeNull();
  });

  test("nginx's own line about its configuration", async () => {
    await context.nginx.check();
    appendFileSync(configFile(context.home), 'nonsense on;\n');
    const said = expect.stringMatching(/^nginx .*: unknown directive "nonsense" in .*nginx\.conf:\d+$/);
    await expect(context.nginx.check()).rejects.toMatchObject({ code: 'E_NGINX', message: said });
    await expect(context.nginx.start()).rejects.toMatchObject({ code: 'E_NGINX', message: said });
  });

  test('an nginx that is too old, and a program that is no nginx', async () => {
    const old = fakeNginx('nginx version: nginx/1.14.2');
    await expect(
      nginxServer(context.home, context.config, { searchPath: old }).version(),
    ).rejects.toMatchObject({
      code: 'E_NGINX_TOO_OLD',
    });
    const strange = fakeNginx('hello');
    await expect(
      nginxServer(context.home, context.config, { searchPath: strange }).version(),
    ).rejects.toMatchObject({ code: 'E_NO_NGINX' });
  });

  test('nginx is found where the PATH does not lead', async () => {
    const server = nginxServer(context.home, context.config, { searchPath: '/nowhere' });
    expect(await server.version()).toMatch(/^1\.\d+\.\d+$/);
  });

  test("a home whose path nginx's language cannot say", async () => {
    const strange = nginxServer(homeAt(`${context.home.dir}/a"b`), context.config);
    await expect(strange.configure()).rejects.toMatchObject({ code: 'E_HOME' });
  });
});

test('a home with a blank in its path serves too', async () => {
  const home = homeAt(path.join(context.home.dir, 'my home'));
  const server = nginxServer(home, context.config);
  cleanUps.push(() => server.stop({ graceMs: 200 }));
  await server.configure();
  await server.start();
  expect((await context.ask('/')).json.error.code).toBe('E_NO_SLOT');
});

/** Kills the master alone; returns the workers that are left. */
async function killMaster(): Promise<number[]> {
  const { pid } = context.nginx.running() ?? {};
  if (pid === undefined) throw new Error('nginx does not run');
  process.kill(pid, 'SIGKILL');
  await gone([pid]);
  // a worker that was forked just now still has its master's title
  while (context.nginx.running()) await new Promise((resolve) => setImmediate(resolve));
  return processesOf(context.home);
}

async function gone(pids: number[]): Promise<void> {
  const running = (): boolean => processesOf(context.home).some((pid) => pids.includes(pid));
  while (running()) await new Promise((resolve) => setImmediate(resolve));
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
  server.listen(port);
  await once(server, 'listening');
  return server;
}

/** A folder with a program called nginx that says this of itself, and does that. */
function fakeNginx(says: string, does = 'true'): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchyard-fake-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'nginx'), `#!/bin/sh\necho '${says}' >&2\n${does}\n`, { mode: 0o755 });
  return folder;
}
