/** Starts and stops a real nginx, with everything that can prevent it. */
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

test('nginx serves when start returns, and leaves nothing when stop returns', async () => {
  await context.nginx.start();
  const { pid } = context.nginx.running() ?? {};
  expect(portHolder(context.ports.http)).toEqual({ pid, command: 'nginx' });
  expect((await context.ask('/')).json.error.code).toBe('E_NO_SLOT');
  await context.nginx.stop();
  expect(context.nginx.running()).toBeNull();
  expect(processesOf(context.home)).toEqual([]);
  expect(portInUse(context.ports.http)).toBe(false);
});

test('a second start or stop changes nothing', async () => {
  await context.nginx.start();
  const before = context.nginx.running();
  await context.nginx.start();
  expect(context.nginx.running()).toEqual(before);
  await context.nginx.stop();
  await context.nginx.stop();
});

test('an open stream delays a stop only up to the limit', async () => {
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

test("nginx is started without the caller's environment", async () => {
  process.env.WEBHOOK_SECRET = 'do-not-pass-on';
  cleanUps.push(() => delete process.env.WEBHOOK_SECRET);
  // a stand-in program, because nginx overwrites its environment
  const folder = fakeNginx('nginx version: nginx/1.22.1', 'env > "$(dirname "$0")/environment"');
  await nginxServer(context.home, context.config, { searchPath: folder }).version();
  const variables = readFileSync(path.join(folder, 'environment'), 'utf8').trim().split('\n');
  const names = variables.map((line) => line.split('=')[0]);
  // the last two are the shell's own
  expect(names.filter((name) => !['PATH', 'LC_ALL', 'PWD', '_'].includes(name ?? ''))).toEqual([]);
});

test("only their owner can read nginx's logs", async () => {
  await context.nginx.start();
  for (const log of [context.home.accessLog, errorLog(context.home)])
    expect(statSync(log).mode & 0o777).toBe(0o600);
});

describe('after a kill', () => {
  test('the workers of a killed master keep serving until the next start replaces them', async () => {
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

  test('a stop also stops the workers of a killed master', async () => {
    await context.nginx.start();
    const orphans = await killMaster();
    expect(orphans.length).toBeGreaterThan(0);
    await context.nginx.stop();
    expect(processesOf(context.home)).toEqual([]);
    expect(portInUse(context.ports.http)).toBe(false);
  });

  test('leftover sockets and a leftover pid file do not prevent the next start', async () => {
    await context.nginx.start();
    const orphans = await killMaster();
    for (const pid of orphans) process.kill(pid, 'SIGKILL');
    await gone(orphans);
    expect(existsSync(path.join(context.home.nginx, 'after-blue.sock'))).toBe(true);
    await context.nginx.start();
    expect(context.nginx.running()).not.toBeNull();
  });
});

describe('starting nginx', () => {
  test('fails for a port in use and names the process that holds it and a free port', async () => {
    await listen(context.ports.http);
    await expect(context.nginx.start()).rejects.toMatchObject({
      code: 'E_PORT_IN_USE',
      message: `Port ${context.ports.http} is held by node (pid ${process.pid}).`,
      hint: expect.stringMatching(/HTTP_PORT=\d+ npm start$/),
    });
    expect(processesOf(context.home)).toEqual([]);
  });

  test("ignores another home's nginx", async () => {
    await context.nginx.start();
    const other = await trafficFixture();
    cleanUps.push(() => other.cleanUp());
    await other.nginx.start();
    await other.nginx.stop();
    expect(other.nginx.running()).toBeNull();
    expect(context.nginx.running()).not.toBeNull();
  });

  test('ignores another process in the pid file', async () => {
    const other = spawn('sleep', ['60']);
    cleanUps.push(() => other.kill());
    writeFileSync(path.join(context.home.nginx, 'nginx.pid'), `${other.pid}\n`);
    expect(context.nginx.running()).toBeNull();
    await context.nginx.stop();
    expect(other.exitCode ?? other.signalCode).toBeNull();
  });

  itAsRoot("fails and names the first folder that the workers' user may not enter", async () => {
    chmodSync(context.home.dir, 0o700);
    await expect(context.nginx.start()).rejects.toMatchObject({
      code: 'E_UNREADABLE_TABLE',
      message: expect.stringMatching(new RegExp(`^nginx's user \\S+ may not enter ${context.home.dir}\\.$`)),
    });
    expect(context.nginx.running()).toBeNull();
  });

  test("fails for a broken configuration with nginx's own message", async () => {
    await context.nginx.check();
    appendFileSync(configFile(context.home), 'nonsense on;\n');
    const message = expect.stringMatching(/^nginx .*: unknown directive "nonsense" in .*nginx\.conf:\d+$/);
    await expect(context.nginx.check()).rejects.toMatchObject({ code: 'E_NGINX', message: message });
    await expect(context.nginx.start()).rejects.toMatchObject({ code: 'E_NGINX', message: message });
  });

  test('fails when the program is too old or is not nginx', async () => {
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

  test('finds nginx outside the PATH', async () => {
    const server = nginxServer(context.home, context.config, { searchPath: '/nowhere' });
    expect(await server.version()).toMatch(/^1\.\d+\.\d+$/);
  });

  test('fails for a path that cannot be written in an nginx configuration', async () => {
    const strange = nginxServer(homeAt(`${context.home.dir}/a"b`), context.config);
    await expect(strange.configure()).rejects.toMatchObject({ code: 'E_HOME' });
  });
});

test('nginx serves a home with a space in its path', async () => {
  const home = homeAt(path.join(context.home.dir, 'my home'));
  const server = nginxServer(home, context.config);
  cleanUps.push(() => server.stop({ graceMs: 200 }));
  await server.configure();
  await server.start();
  expect((await context.ask('/')).json.error.code).toBe('E_NO_SLOT');
});

/** Kills only the master. Returns the remaining workers. */
async function killMaster(): Promise<number[]> {
  const { pid } = context.nginx.running() ?? {};
  if (pid === undefined) throw new Error('nginx is not running');
  process.kill(pid, 'SIGKILL');
  await gone([pid]);
  // a worker forked a moment ago still has its master's title
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

/** A folder with a program called nginx that prints a version and runs a script. */
function fakeNginx(version: string, script = 'true'): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchyard-fake-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'nginx'), `#!/bin/sh\necho '${version}' >&2\n${script}\n`, { mode: 0o755 });
  return folder;
}
