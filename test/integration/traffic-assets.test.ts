/** `http.assets`: a hashed file that one release lacks comes from the slot that runs the other one. */
import type { Table } from '../../deploy/core/traffic-table';
import { cohortOf } from '../../deploy/core/cohort';
import { countRequests, logPosition, readRequests } from '../../deploy/traffic/access-log';
import type { LogEntry, LogPosition } from '../../deploy/traffic/access-log';
import { trafficFixture, type Answer, type TinyApp, type TrafficFixture } from '../support/traffic-fixture';
import { until } from '../support/until';

const SHIFTED: Table = { active: 'green', standby: 'blue' };
const CANARY: Table = { active: 'blue', standby: null, shares: [{ slot: 'green', buckets: 50 }] };
const ROLLED_BACK: Table = { active: 'blue', standby: null, assets: 'green' };
const NO_STANDBY: Table = { active: 'green', standby: null };

let context: TrafficFixture;
let apps: { blue: TinyApp; green: TinyApp };

beforeAll(async () => {
  context = await trafficFixture({ assets: ['/assets/', '/static/a.'] }, { third: true });
  await context.nginx.start();
  const [blue, green] = await Promise.all([
    context.startApp('blue', 'v1'),
    context.startApp('green', 'v2'),
    context.startApp('amber', 'v2'),
  ]);
  apps = { blue, green };
});
afterAll(() => context.cleanUp());

/** Asks as a user whom the table assigns to this slot. */
function askOf(slot: string, table: Table, path: string): Promise<Answer> {
  return context.ask(path, { headers: { cookie: `switchyard_cohort=${cohortOf(table, slot)}` } });
}

test('an old page gets its files after the shift, and the new page its own', async () => {
  await context.traffic.shift(SHIFTED);
  expect(await context.ask('/assets/v1.js')).toMatchObject({ status: 200, body: 'a file of v1, from blue' });
  expect(await context.ask('/assets/v2.js')).toMatchObject({ status: 200, body: 'a file of v2, from green' });
});

test('after a rollback, open pages of either release get their files, and the active slot has no standby', async () => {
  await context.traffic.shift(ROLLED_BACK);
  expect(await context.ask('/assets/v2.js')).toMatchObject({ status: 200, body: 'a file of v2, from green' });
  expect(await context.ask('/assets/v1.js')).toMatchObject({ status: 200, body: 'a file of v1, from blue' });
  expect((await context.ask('/version')).json).toEqual({ version: 'blue' });
  expect(await context.ask('/pages/v2.js')).toMatchObject({ status: 404, json: { slot: 'blue' } });
});

test('users of either side of a canary get the files of both releases', async () => {
  await context.traffic.shift(CANARY);
  for (const slot of ['blue', 'green']) {
    const own = await askOf(slot, CANARY, '/version');
    expect(own.json).toEqual({ version: slot });
    for (const [release, from] of [
      ['v1', 'blue'],
      ['v2', 'green'],
    ] as const) {
      const { status, body } = await askOf(slot, CANARY, `/assets/${release}.js`);
      expect({ status, body }).toEqual({ status: 200, body: `a file of ${release}, from ${from}` });
    }
  }
});

test('users of every slot of a pool get the files of both releases during a rolling deployment', async () => {
  const rolling: Table = {
    active: 'blue',
    standby: 'green',
    shares: [
      { slot: 'green', buckets: 33 },
      { slot: 'amber', buckets: 33 },
    ],
  };
  await context.traffic.shift(rolling);
  for (const slot of ['blue', 'green', 'amber']) {
    for (const release of ['v1', 'v2']) {
      expect(await askOf(slot, rolling, `/assets/${release}.js`)).toMatchObject({ status: 200 });
    }
  }
});

test('HEAD, Range and If-None-Match reach the other slot', async () => {
  await context.traffic.shift(SHIFTED);
  const head = await context.ask('/assets/v1.js', { method: 'HEAD' });
  expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '23' } });
  const part = await context.ask('/assets/v1.js', { headers: { range: 'bytes=2-5' } });
  expect(part).toMatchObject({ status: 206, body: 'file', headers: { 'content-range': 'bytes 2-5/23' } });
  const unchanged = await context.ask('/assets/v1.js', { headers: { 'if-none-match': '"v1"' } });
  expect(unchanged).toMatchObject({ status: 304, body: '' });
});

test('pages, APIs and other methods get the answer of their slot alone', async () => {
  await context.traffic.shift(SHIFTED);
  const from = logPosition(context.home);
  for (const path of ['/pages/v1.js', '/static/v1.js', '/fail?status=404'])
    expect(await context.ask(path)).toMatchObject({ status: 404, json: { slot: 'green' } });
  expect(await context.ask('/assets/v1.js', { method: 'POST' })).toMatchObject({
    status: 404,
    json: { slot: 'green' },
  });
  const logged = await entriesSince(from, 4);
  expect(logged.map(({ upstreams }) => upstreams.length)).toEqual([1, 1, 1, 1]);
});

test('a file that no slot has gets the 404 of its slot, and a hit asks one slot', async () => {
  await context.traffic.shift(SHIFTED);
  const from = logPosition(context.home);
  expect(await context.ask('/assets/none.js')).toMatchObject({
    status: 404,
    json: { slot: 'green', own: true },
  });
  await context.ask('/assets/v2.js');
  const [missed, hit] = await entriesSince(from, 2);
  const { blue, green } = context.ports;
  expect(missed?.upstreams).toEqual([green, blue, green].map((port) => `127.0.0.1:${port}`));
  expect(hit?.upstreams).toEqual([`127.0.0.1:${green}`]);
});

test('a slot that the table does not name is not asked', async () => {
  await context.traffic.shift(NO_STANDBY);
  const from = logPosition(context.home);
  expect(await context.ask('/assets/v1.js')).toMatchObject({ status: 404, json: { slot: 'green' } });
  const [entry] = await entriesSince(from, 1);
  expect(new Set(entry?.upstreams)).toEqual(new Set([`127.0.0.1:${context.ports.green}`]));
});

test('a failure of the other slot does not reach the user, and no verdict counts either answer', async () => {
  await context.traffic.shift({ active: 'blue', standby: 'green' });
  const from = logPosition(context.home);
  expect(await context.ask('/assets/broken.js')).toMatchObject({ status: 404, json: { slot: 'blue' } });
  const entries = await entriesSince(from, 1);
  expect(countRequests(entries)).toMatchObject({
    served: 1,
    failed: 0,
    slots: [{ slot: 'blue', requests: 1, errors: 0 }],
  });
});

test('a standby that is gone or hangs leaves the 404, within seconds', async () => {
  await context.traffic.shift(SHIFTED);
  process.kill(apps.blue.pid, 'SIGSTOP');
  const began = Date.now();
  try {
    expect(await context.ask('/assets/v1.js')).toMatchObject({ status: 404, json: { slot: 'green' } });
  } finally {
    process.kill(apps.blue.pid, 'SIGCONT');
  }
  expect(Date.now() - began).toBeLessThan(15_000);
  await apps.blue.end('SIGKILL');
  expect(await context.ask('/assets/v1.js')).toMatchObject({ status: 404, json: { slot: 'green' } });
  await context.traffic.shift(ROLLED_BACK);
  for (const path of ['/version', '/assets/v2.js'])
    expect(await context.ask(path)).toMatchObject({ status: 502, json: { error: { code: 'E_APP_DOWN' } } });
});

/** nginx logs a request just after its response. */
function entriesSince(from: LogPosition, count: number): Promise<LogEntry[]> {
  return until(`${count} lines in the access log`, () => {
    const { requests } = readRequests(context.home, from);
    return requests.length >= count && requests;
  });
}
