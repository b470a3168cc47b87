/** A running nginx gets a changed configuration without losing a request. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { closingFile } from '../../deploy/traffic/close-connections';
import { loadedMark } from '../../deploy/traffic/loaded-mark';
import { nginxServer, type NginxServer } from '../../deploy/traffic/nginx-server';
import { masterOf, processesOf } from '../../deploy/traffic/nginx-processes';
import { trafficFixture, type TrafficFixture } from '../support/traffic-fixture';
import { until } from '../support/until';

const CONNECTIONS = 64;
const READS = [{ method: 'GET', path: '/' } as const];

let context: TrafficFixture;

beforeEach(async () => {
  context = await trafficFixture();
  await context.startApp('blue');
  await context.nginx.start();
  await context.traffic.shift({ active: 'blue', standby: null });
});
afterEach(() => context.cleanUp());

/** nginx of the same home with a configuration that differs in one line. */
function changed(maxBody: string): NginxServer {
  return nginxServer(context.home, { ...context.config, http: { ...context.config.http, maxBody } });
}

const mark = (): Promise<string | null> => loadedMark(context.home, context.ports.http, 5000);

test('a new configuration takes effect without losing a request, while a plain reload loses some', async () => {
  const { pid } = context.nginx.running() ?? {};
  const before = await mark();
  const load = context.load({ connections: CONNECTIONS, mix: READS, slow: null });
  await load.more(2000);

  for (const maxBody of ['1m', '2m', '3m']) expect(await changed(maxBody).apply()).toBe(true);
  await load.more(2000);

  const { failed } = await load.stop();
  expect(failed).toEqual([]);
  expect(context.nginx.running()).toEqual({ pid });
  expect(await mark()).not.toBe(before);
  expect((await context.ask('/', { method: 'POST', body: Buffer.alloc(3.5 * 1024 * 1024) })).status).toBe(
    413,
  );
  expect(await changed('3m').apply()).toBe(false);
  expect(await lostByReloads()).toBeGreaterThan(0);
});

/** The control: the same load over reloads that do not wait. */
async function lostByReloads(): Promise<number> {
  const load = context.load({ connections: CONNECTIONS, mix: READS, slow: null });
  await load.more(2000);
  for (let times = 0; times < 10; times += 1) {
    process.kill(masterOf(context.home) ?? 0, 'SIGHUP');
    await load.more(1000);
  }
  return (await load.stop()).failures;
}

test('connections close after one more answer while the configuration is replaced, and stay open afterwards', async () => {
  writeFileSync(closingFile(context.home, (await mark()) ?? ''), '');
  expect((await context.ask('/')).headers.connection).toBe('close');
  expect(
    (await context.ask('/', { headers: { 'x-switchyard-preview': 'a'.repeat(32) } })).headers,
  ).toMatchObject({
    connection: 'close',
  });

  // the next npm start removes what a killed one has left
  await context.nginx.apply();

  expect((await context.ask('/', { headers: { connection: 'keep-alive' } })).headers.connection).toBe(
    'keep-alive',
  );
});

test('a configuration that nginx refuses changes nothing, not even on the disk', async () => {
  const files = (): string[] => readdirSync(context.home.nginx).sort();
  const site = (): string => readFileSync(path.join(context.home.nginx, 'site.conf'), 'utf8');
  const [before, names, text] = [await mark(), files(), site()];

  await expect(changed('3m; nonsense on').apply()).rejects.toMatchObject({
    code: 'E_NGINX',
    message: expect.stringMatching(
      /refuses its new configuration: .*nonsense.* It keeps its current one\.$/,
    ) as string,
  });

  expect([await mark(), files(), site()]).toEqual([before, names, text]);
  expect((await context.ask('/')).status).toBe(200);
});

test('a file edited by hand is written again without touching nginx', async () => {
  const site = path.join(context.home.nginx, 'site.conf');
  const written = readFileSync(site, 'utf8');
  const workers = processesOf(context.home);
  writeFileSync(site, `${written}\nclient_max_body_size 1k;\n`);

  expect(await context.nginx.apply()).toBe(true);

  expect(readFileSync(site, 'utf8')).toBe(written);
  expect(processesOf(context.home)).toEqual(workers);
});

test('workers without their master serve until a new nginx takes the port, with less than a second of refused connections', async () => {
  const load = context.load({ connections: CONNECTIONS, mix: READS, slow: null });
  await load.more(2000);
  process.kill(masterOf(context.home) ?? 0, 'SIGKILL');
  await until('the master to exit', () => masterOf(context.home) === null);

  await context.nginx.start();
  await load.more(2000);

  const { failed } = await load.stop();
  // no nginx can listen on the port before the old workers release it
  const at = failed.map((failure) => failure.at);
  expect(Math.max(...at, 0) - Math.min(...at, Date.now())).toBeLessThan(1000);
});
