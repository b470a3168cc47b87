/** Two versions at the same time: how users are split, how they keep their version, and the maintenance page. */
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Table } from '../../deploy/core/traffic-table';
import { logPosition, readRequests } from '../../deploy/traffic/access-log';
import { trafficFixture, type Answer, type TinyApp, type TrafficFixture } from '../support/traffic-fixture';
import { until } from '../support/until';

const BLUE: Table = { active: 'blue', standby: null };
const GREEN: Table = { active: 'green', standby: 'blue' };
const MAINTENANCE: Table = { ...BLUE, maintenance: true };
const canary = (buckets: number): Table => ({ ...BLUE, shares: [{ slot: 'green', buckets }] });
/** Fixed cohorts, so that no test depends on randomness. */
const COHORTS = Array.from({ length: 400 }, (_, who) => createHash('md5').update(String(who)).digest('hex'));

let context: TrafficFixture;
let green: TinyApp;

beforeAll(async () => {
  context = await trafficFixture();
  await context.nginx.start();
  [, green] = await Promise.all([context.startApp('blue'), context.startApp('green')]);
});
afterAll(() => context.cleanUp());

const carrying = (cohort: string): Record<string, string> => ({ cookie: `a=1; switchyard_cohort=${cohort}` });
const askAs = (cohort: string): Promise<Answer> => context.ask('/version', { headers: carrying(cohort) });

/** The cohorts that get green. */
async function onGreen(): Promise<string[]> {
  const answers = await Promise.all(COHORTS.map(askAs));
  return COHORTS.filter((_, who) => answers[who]?.json.version === 'green');
}

test('a share of buckets is the same share of users, and a larger share contains the smaller ones', async () => {
  const groups: string[][] = [];
  for (const buckets of [1, 5, 25, 50, 100]) {
    await context.traffic.shift(canary(buckets));
    groups.push(await onGreen());
  }
  const shares = groups.map(({ length }) => length / COHORTS.length);
  expect(shares).toEqual([0.01, 0.05, 0.25, 0.5, 1].map((share): unknown => expect.closeTo(share, 1)));
  groups
    .slice(1)
    .forEach((larger, index) => expect(larger).toEqual(expect.arrayContaining(groups[index] ?? [])));
});

test('a new user gets a cohort cookie, keeps the version with it, and the answer is not cached', async () => {
  await context.traffic.shift(canary(50));
  const newcomers = await Promise.all(Array.from({ length: 20 }, () => context.ask('/version')));
  for (const { headers, json } of newcomers) {
    const [cookie = ''] = headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^switchyard_cohort=[0-9a-f]{32}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
    expect(headers['cache-control']).toBe('private');
    const again = await context.ask('/version', { headers: { cookie: cookie.split(';')[0] as string } });
    expect(again.json).toEqual(json);
    expect(again.headers).not.toHaveProperty('set-cookie');
  }
  expect(new Set(newcomers.map(({ json }): unknown => json.version))).toEqual(new Set(['blue', 'green']));
});

describe('slots of one release', () => {
  const UNIFORM: Table = { ...canary(50), uniform: true };

  test('leave cookies and caching to the app, whatever cookie a user has', async () => {
    for (const cookie of ['a=1', 'switchyard_cohort=x', carrying(COHORTS[0] as string).cookie as string]) {
      await context.traffic.shift(UNIFORM);
      const alike = await context.ask('/cached', { headers: { cookie } });
      expect(alike.headers['cache-control']).toBe('public, max-age=60');
      expect(alike.headers).not.toHaveProperty('set-cookie');
      await context.traffic.shift(canary(50));
      const mixed = await context.ask('/cached', { headers: { cookie } });
      expect(mixed.headers['cache-control']).toBe('public, max-age=60, private');
    }
  });

  test('share the requests of users without a cookie evenly, including those on one connection', async () => {
    await context.traffic.shift(UNIFORM);
    const load = context.load({ connections: 1, mix: [{ method: 'GET', path: '/version' }], slow: null });
    await load.more(400);
    const { failed, versions } = await load.stop();
    expect(failed).toEqual([]);
    const { blue = 0, green = 0 } = versions;
    // 150 of 400 would be five standard deviations away
    expect(Math.min(blue, green) / (blue + green)).toBeGreaterThan(150 / 400);
  });

  test('become slots of two releases and the reverse under load without a lost request', async () => {
    await context.traffic.shift(UNIFORM);
    const load = context.load({ connections: 32, slow: { method: 'GET', path: '/api/v1/slow?ms=300' } });
    await load.more(100);
    for (let round = 0; round < 15; round += 1) {
      for (const table of [GREEN, canary(50), BLUE, UNIFORM]) {
        await context.traffic.shift(table);
        await load.more(10);
      }
    }
    expect((await load.stop()).failed).toEqual([]);
  });
});

test('an undivided table sets no cookie and ignores cohorts', async () => {
  await context.traffic.shift(canary(50));
  expect(await onGreen()).not.toHaveLength(0);
  await context.traffic.shift(BLUE);
  expect(await onGreen()).toEqual([]);
  const { headers } = await context.ask('/version');
  expect(headers).not.toHaveProperty('set-cookie');
  expect(headers).not.toHaveProperty('cache-control');
});

test.each(['', 'x', '../../../etc', 'A'.repeat(32), `${'a'.repeat(32)}b`])(
  'an invalid cohort cookie %p is replaced',
  async (value) => {
    await context.traffic.shift(canary(5));
    const { status, headers } = await askAs(value);
    expect(status).toBe(200);
    expect(headers['set-cookie']).toHaveLength(1);
  },
);

test('method, body and path reach the slot unchanged', async () => {
  await context.traffic.shift(canary(100));
  const body = Buffer.alloc(3 * 1024 * 1024, 'x');
  const posted = await context.ask('/api/v1/messages', { method: 'POST', body });
  expect(posted).toMatchObject({ status: 201, json: { slot: 'green', size: body.length } });
  const echoed = await context.ask('/echo?q=%2F1');
  expect(echoed.json).toMatchObject({ slot: 'green', url: '/echo?q=%2F1' });
});

test("the app's own error passes unchanged and is not cached", async () => {
  await context.traffic.shift(canary(100));
  const { status, headers, json } = await context.ask('/fail?status=503');
  expect({ status, json }).toEqual({ status: 503, json: { slot: 'green', own: true } });
  expect(headers['cache-control']).toBe('private');
});

test('the log records the table and the slot of the first attempt', async () => {
  await context.traffic.shift(canary(100));
  const from = logPosition(context.home);
  await askAs(COHORTS[0] as string);
  await until('a line in the log', () => readRequests(context.home, from).requests.length === 1);
  expect(readRequests(context.home, from).requests[0]).toMatchObject({
    slot: 'green',
    table: 'active-blue.standby-none.green100',
  });
});

test('canary shifts between slots under load lose no request', async () => {
  await context.traffic.shift(BLUE);
  const load = context.load({ connections: 32, slow: { method: 'GET', path: '/api/v1/slow?ms=300' } });
  await load.more(100);
  for (let round = 0; round < 15; round += 1) {
    for (const table of [canary(5), canary(25), canary(50), GREEN, canary(50), BLUE]) {
      await context.traffic.shift(table);
      await load.more(10);
    }
  }
  const { failed, versions } = await load.stop();
  expect(failed).toEqual([]);
  expect(Object.keys(versions).sort()).toEqual(['blue', 'green']);
});

describe('the maintenance page', () => {
  beforeEach(() => context.traffic.shift(MAINTENANCE));

  test.each(['GET', 'POST', 'DELETE'])('answers %s with Retry-After', async (method) => {
    const answer = await context.ask('/version', { method, ...(method === 'POST' && { body: 'x' }) });
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('Back in a moment');
    expect(answer.headers).toMatchObject({
      'retry-after': '5',
      'cache-control': 'no-store',
      'content-type': 'text/html; charset=utf-8',
    });
  });

  test("can be the user's own file, and is a JSON error when the file is missing", async () => {
    const page = path.join(context.home.pages, 'maintenance.html');
    writeFileSync(page, '<p>Gone fishing</p>');
    expect((await context.ask('/')).body).toBe('<p>Gone fishing</p>');
    rmSync(page);
    expect(await context.ask('/')).toMatchObject({ status: 503, json: { error: { code: 'E_NO_SLOT' } } });
  });

  test('does not cover the deployer', async () => {
    expect(await context.ask('/_deploy/preview')).toMatchObject({
      status: 503,
      json: { error: { code: 'E_DEPLOYER_DOWN' } },
    });
    await context.startApp('deployer');
    expect((await context.ask('/_deploy/preview')).status).toBe(200);
  });
});

test('requests to a crashed canary fall back to the stable slot', async () => {
  await context.traffic.shift(canary(100));
  await green.end('SIGKILL');
  const from = logPosition(context.home);
  expect((await context.ask('/version')).json).toEqual({ version: 'blue' });
  await until('a line in the log', () => readRequests(context.home, from).requests.length === 1);
  expect(readRequests(context.home, from).requests[0]).toMatchObject({
    slot: 'green',
    status: 200,
    upstreamStatuses: [502, 200],
  });
});
