/** Real receivers on this machine: what they get, in which order, and what happens when they do not listen. */
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { loadConfig } from '../../../deploy/config/load';
import type { Deployment } from '../../../deploy/core/deployment';
import { homeAt, type Home } from '../../../deploy/home/home';
import { Journal } from '../../../deploy/journal/journal';
import { createNotifier, type Notifier } from '../../../deploy/notify/notifier';
import { saveNotifyUrl } from '../../../deploy/notify/targets';
import { commit } from '../../support/deployments';
import { freePorts } from '../../support/ports';
import { afterwards, tempHome } from '../../support/temp-home';
import { until } from '../../support/until';

const V1 = { slot: 'blue', commit: commit('a1'), version: '1.0.0' };
const V2 = { slot: 'green', commit: commit('b2'), version: '2.0.0' };
const TOKEN = 'T0KEN-of-a-channel';
const SOON = [10, 20, 40];

let home: Home;
let root: string;
let journal: Journal;
let logged: string[];

beforeEach(async () => {
  root = tempHome();
  home = homeAt(path.join(tempHome()));
  logged = [];
  journal = Journal.open(home);
  afterwards(() => journal.close());
  await journal.prepare();
});

it('each receiver gets its own format, only the events it asked for, and no old ones', async () => {
  await goesLive(V1);
  const [slack, discord, any] = [await receiver(), await receiver(), await receiver()];
  const only = ['rolled-back'];
  configure([
    { url: `${slack.url}/services/T0/B0/${TOKEN}` },
    { url: `${discord.url}/api/webhooks/1/${TOKEN}`, on: only },
    { url: `${any.url}/hook?key=${TOKEN}` },
  ]);
  start();

  await goesLive(V2, (id) =>
    journal.move(id, 'rolled-back', { fault: 'commit', errorCode: 'E_BAKE', cause: '<!here> & 500' }),
  );

  const line = 'myapp: production runs v1.0.0 (a100000), not v2.0.0 (b200000): <!here> & 500';
  await until(
    'three receivers',
    () => slack.got.length === 2 && discord.got.length === 1 && any.got.length === 2,
  );
  expect(any.got.map(({ event }) => event)).toEqual(['live', 'rolled-back']);
  expect(any.got[1]).toMatchObject({
    version: 1,
    app: 'myapp',
    text: line,
    deployment: { id: 2, kind: 'deploy', state: 'rolled-back', errorCode: 'E_BAKE', cause: '<!here> & 500' },
    serving: V1,
    behind: { runs: { version: '1.0.0' }, not: { version: '2.0.0' } },
  });
  expect(slack.got[1]).toMatchObject({ text: expect.stringContaining('&lt;!here&gt; &amp; 500') });
  expect(discord.got).toEqual([{ content: `⚠️ ${line}`, allowed_mentions: { parse: [] } }]);
});

it('a restart of the deployer neither loses nor repeats a notification', async () => {
  const any = await receiver();
  configure([{ url: any.url }]);
  const first = start();
  await goesLive(V1);
  await until('the first', () => any.got.length === 1);
  await first.stop();
  await journal.record(null, { type: 'incident', reason: 'nginx', message: 'nginx was gone' });

  start();
  await goesLive(V2);

  await until('the others', () => any.got.length === 3);
  expect(any.got.map(({ event }) => event)).toEqual(['live', 'incident', 'live']);
  expect(new Set(any.got.map(({ id }) => id)).size).toBe(3);
});

it('a temporary failure is retried until it succeeds', async () => {
  const any = await receiver([503, 429]);
  configure([{ url: any.url }]);
  start();
  await goesLive(V1);
  await until('the third attempt', () => any.answered.length === 3);
  expect(any.answered).toEqual([503, 429, 200]);
  expect(logged).toEqual([]);
});

it('a receiver that does not listen is logged once, by host only, and delays no other', async () => {
  const [dead = 0] = await freePorts(1);
  const any = await receiver();
  configure([{ url: `http://user:${TOKEN}@127.0.0.1:${dead}/services/${TOKEN}` }, { url: any.url }]);
  start();

  await goesLive(V1);
  await until('the live receiver', () => any.got.length === 1);
  await until('the log', () => logged.length === 1);
  for (let count = 2; count <= 4; count++)
    await journal.record(null, { type: 'incident', reason: 'nginx', message: 'again' });
  await until('the live receiver, again', () => any.got.length === 4);
  await until('the dead receiver, to the end', () =>
    positions().every((each) => each === journal.lastEvent()),
  );

  expect(logged).toEqual([`notify: 127.0.0.1:${dead} does not accept notifications: ECONNREFUSED`]);
  for (const file of [home.journal, `${home.journal}-wal`, home.notified]) {
    expect(readFileSync(file).includes(TOKEN)).toBe(false);
  }
});

it('a receiver that never answers delays neither the journal nor the stop of the deployer', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  afterwards(() => silent.closeAllConnections());
  afterwards(() => silent.close());
  const any = await receiver();
  configure([{ url: addressOf(silent) }, { url: any.url }]);
  const notifier = start();

  const startedAt = Date.now();
  await goesLive(V1);
  expect(Date.now() - startedAt).toBeLessThan(1000);
  await until('the live receiver', () => any.got.length === 1);
  await notifier.stop();
});

it('an address given to npm start takes effect without a restart, until an empty one is given', async () => {
  const [given, always] = [await receiver(), await receiver()];
  configure([{ url: always.url }]);
  start();
  saveNotifyUrl(home, ` ${given.url}/x `);
  expect(statSync(home.notifyUrl).mode & 0o777).toBe(0o600);
  await goesLive(V1);
  await until('the given receiver', () => given.got.length === 1);
  saveNotifyUrl(home, undefined);
  expect(existsSync(home.notifyUrl)).toBe(true);
  saveNotifyUrl(home, '');
  await journal.record(null, { type: 'incident', reason: 'nginx', message: 'later' });
  await until('the configured receiver', () => always.got.length === 2);
  expect(always.got[1]).toMatchObject({ event: 'incident', text: 'myapp: later' });
  expect(given.got).toHaveLength(1);
});

it('an invalid address is refused without printing it', () => {
  expect(() => saveNotifyUrl(home, `ftp://${TOKEN}`)).toThrow('NOTIFY_URL is not an http or https address.');
  configure([{ url: `htp:${TOKEN}` }]);
  expect(() => loadConfig(root, {})).toThrow('"notify.0.url" is not valid: is not an http or https address.');
});

interface Receiver {
  url: string;
  got: Record<string, unknown>[];
  answered: number[];
}

/** @param statuses its first answers; later ones are 200 */
async function receiver(statuses: number[] = []): Promise<Receiver> {
  const got: Record<string, unknown>[] = [];
  const answered: number[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString('utf8')));
    request.on('end', () => {
      const status = statuses.shift() ?? 200;
      if (status === 200) got.push(JSON.parse(text) as Record<string, unknown>);
      answered.push(status);
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterwards(() => server.close());
  afterwards(() => server.closeAllConnections());
  return { url: addressOf(server), got, answered };
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function configure(notify: { url: string; on?: string[] }[]): void {
  writeFileSync(path.join(root, 'deploy.config.js'), `module.exports = ${JSON.stringify({ notify })};`);
}

function start(): Notifier {
  const log = (...words: unknown[]): void => void logged.push(words.join(' '));
  const notifier = createNotifier({ home, root, journal, config: loadConfig(root, {}) }, SOON, log);
  notifier.start();
  afterwards(() => notifier.stop());
  return notifier;
}

/** Records a deployment that goes live. @param end ends it; succeeds by default */
async function goesLive(
  to: typeof V1,
  end: (id: number) => Promise<Deployment> = (id) => journal.move(id, 'succeeded'),
): Promise<void> {
  const wanted = { kind: 'deploy', trigger: 'push', strategy: 'blue-green', commit: to.commit } as const;
  const { id } = await journal.request(wanted);
  await journal.move(id, 'running', { to, version: to.version, liveAt: Date.now() + id });
  const live = { serving: to, previous: null, ms: 1, served: 0, failed: 0, back: null, bakeSeconds: 0 };
  await journal.record(id, { type: 'live', ...live });
  await end(id);
}

function positions(): number[] {
  return Object.values(JSON.parse(readFileSync(home.notified, 'utf8')) as Record<string, number>);
}
