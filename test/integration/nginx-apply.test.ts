/** A changed configuration reaches a running nginx without a lost request. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { closingFile } from '../../deploy/traffic/close-connections';
import { loadedMark } from '../../deploy/traffic/loaded-mark';
import { nginxServer, type NginxServer } from '../../deploy/traffic/nginx-server';
import { masterOf, processesOf } from '../../deploy/traffic/nginx-processes';
import { trafficYard, type TrafficYard } from '../support/traffic-yard';
import { until } from '../support/until';

const CONNECTIONS = 64;
const READS = [{ method: 'GET', path: '/' } as const];

let yard: TrafficYard;

beforeEach(async () => {
  yard = await trafficYard();
  await yard.startApp('blue');
  await yard.nginx.start();
  await yard.traffic.shift({ active: 'blue', standby: null });
});
afterEach(() => yard.cleanUp());

/** The nginx of the same home with a configuration that differs in one line. */
function changed(maxBody: string): NginxServer {
  return nginxServer(yard.home, { ...yard.config, http: { ...yard.config.http, maxBody } });
}

const mark = (): Promise<string | null> => loadedMark(yard.ports.http, 5000);

test('a new configuration is in force and no request is lost, while a plain reload loses some', async () => {
  const { pid } = yard.nginx.running() ?? {};
  const before = await mark();
  const load = yard.load({ connections: CONNECTIONS, mix: READS, slow: null });
  await load.more(2000);

  for (const maxBody of ['1m', '2m', '3m']) expect(await changed(maxBody).apply()).toBe(true);
  await load.more(2000);

  const { failed } = await load.stop();
  expect(failed).toEqual([]);
  expect(yard.nginx.running()).toEqual({ pid });
  expect(await mark()).not.toBe(before);
  expect((await yard.ask('/', { method: 'POST', body: Buffer.alloc(3.5 * 1024 * 1024) })).status).toBe(413);
  expect(await changed('3m').apply()).toBe(false);
  expect(await lostByReloads()).toBeGreaterThan(0);
});

/** The control: the same load over reloads without the wait. */
async function lostByReloads(): Promise<number> {
  const load = yard.load({ connections: CONNECTIONS, mix: READS, slow: null });
  await load.more(2000);
  for (let times = 0; times < 10; times += 1) {
    process.kill(masterOf(yard.home) ?? 0, 'SIGHUP');
    await load.more(1000);
  }
  return (await load.stop()).failures;
}

test('every connection gets one more answer while the configuration is replaced, and stays open afterwards', async () => {
  writeFileSync(closingFile(yard.home, (await mark()) ?? ''), '');
  expect((await yard.ask('/')).headers.connection).toBe('close');
  expect(
    (await yard.ask('/', { headers: { 'x-switchyard-preview': 'a'.repeat(32) } })).headers,
  ).toMatchObject({
    connection: 'close',
  });

  // what a killed npm start has left is gone after the next one
  await yard.nginx.apply();

  expect((await yard.ask('/', { headers: { connection: 'keep-alive' } })).headers.connection).toBe(
    'keep-alive',
  );
});

test('a configuration that nginx refuses changes nothing, on the disk neither', async () => {
  const files = (): string[] => readdirSync(yard.home.nginx).sort();
  const site = (): string => readFileSync(path.join(yard.home.nginx, 'site.conf'), 'utf8');
  const [before, names, text] = [await mark(), files(), site()];

  await expect(changed('3m; nonsense on').apply()).rejects.toMatchObject({
    code: 'E_NGINX',
    message: expect.stringMatching(
      /refuses its new configuration: .*nonsense.* It keeps the one it has\.$/,
    ) as string,
  });

  expect([await mark(), files(), site()]).toEqual([before, names, text]);
  expect((await yard.ask('/')).status).toBe(200);
});

test('a file that was edited by hand is written again, and nginx is left alone', async () => {
  const site = path.join(yard.home.nginx, 'site.conf');
  const written = readFileSync(site, 'utf8');
  const workers = processesOf(yard.home);
  writeFileSync(site, `${written}\nclient_max_body_size 1k;\n`);

  expect(await yard.nginx.apply()).toBe(true);

  expect(readFileSync(site, 'utf8')).toBe(written);
  expect(processesOf(yard.home)).toEqual(workers);
});

test('workers that outlived their master serve on until the new nginx takes the port, which refuses connections for a moment only', async () => {
  const load = yard.load({ connections: CONNECTIONS, mix: READS, slow: null });
  await load.more(2000);
  process.kill(masterOf(yard.home) ?? 0, 'SIGKILL');
  await until('the end of the master', () => masterOf(yard.home) === null);

  await yard.nginx.start();
  await load.more(2000);

  const { failed } = await load.stop();
  // no nginx can listen on the port before the old workers have left it
  const at = failed.map((failure) => failure.at);
  expect(Math.max(...at, 0) - Math.min(...at, Date.now())).toBeLessThan(1000);
});
