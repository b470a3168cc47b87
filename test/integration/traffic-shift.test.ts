/** Load while the table changes: a shift must not cost a request. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Table } from '../../deploy/core/traffic-table';
import { countRequests, logPosition, readRequests, type LogEntry } from '../../deploy/traffic/access-log';
import { until } from '../support/until';
import { establishedConnections } from '../../deploy/os/connections';
import { findNginx } from '../../deploy/traffic/nginx-binary';
import { configFile } from '../../deploy/traffic/nginx-files';
import { trafficFixture, type TrafficFixture } from '../support/traffic-fixture';

const run = promisify(execFile);
const BLUE: Table = { active: 'blue', standby: 'green' };
const GREEN: Table = { active: 'green', standby: 'blue' };
/** In flight during most shifts, and short enough for a test. */
const SLOW = { method: 'GET', path: '/api/v1/slow?ms=300' } as const;

let context: TrafficFixture;
beforeEach(async () => {
  context = await trafficFixture();
  await context.nginx.start();
});
afterEach(() => context.cleanUp());

test('400 shifts under load lose no request', async () => {
  await Promise.all([context.startApp('blue'), context.startApp('green')]);
  await context.traffic.shift(BLUE);
  const load = context.load({ connections: 64, slow: SLOW });
  await load.more(100);
  for (let shifts = 0; shifts < 200; shifts += 1) {
    await context.traffic.shift(GREEN);
    await load.more(10);
    await context.traffic.shift(BLUE);
    await load.more(10);
  }
  const result = await load.stop();
  expect(result.failed).toEqual([]);
  expect(Object.keys(result.versions).sort()).toEqual(['blue', 'green']);
  expect(new Set(result.acknowledged).size).toBe(result.acknowledged.length);
});

test('the same load over nginx reloads does lose requests', async () => {
  await Promise.all([context.startApp('blue'), context.startApp('green')]);
  await context.traffic.shift(BLUE);
  const { file } = await findNginx(process.env.PATH ?? '');
  const load = context.load({ connections: 64, slow: SLOW });
  let failures = 0;
  for (let reloads = 0; reloads < 50 && failures === 0; reloads += 1) {
    await load.more(500);
    await run(file, ['-c', configFile(context.home), '-s', 'reload']);
    ({ failures } = await load.more(500));
  }
  const result = await load.stop();
  expect(result.failures).toBeGreaterThan(0);
  expect(result.failed.every(({ reused }) => reused)).toBe(true);
});

test('a slot can be stopped as soon as its connections are closed', async () => {
  const blue = await context.startApp('blue');
  await context.startApp('green');
  await context.traffic.shift(BLUE);
  const load = context.load({ slow: SLOW });
  await load.more(500);
  await context.traffic.shift({ active: 'green', standby: null });
  while (establishedConnections(context.ports.blue) > 0) await load.more(100);
  await blue.end('SIGTERM');
  await load.more(500);
  const { failed } = await load.stop();
  expect(failed).toEqual([]);
});

test('kill -9 of the active slot loses no GET while the table has a standby', async () => {
  const blue = await context.startApp('blue');
  await context.startApp('green');
  await context.traffic.shift(BLUE);
  const from = logPosition(context.home);
  const load = context.load({ connections: 32, slow: SLOW, mix: [{ method: 'GET', path: '/version' }] });
  await load.more(1000);
  await blue.end('SIGKILL');
  await load.more(1000);
  const { failed, requests } = await load.stop();
  expect(failed).toEqual([]);

  // users saw no error, but the counts of the slot show them; nginx logs a request after sending the answer
  const logged = (): LogEntry[] => readRequests(context.home, from).requests;
  await until('a line for every request', () => logged().length >= requests);
  const counts = countRequests(logged());
  expect(counts).toMatchObject({ served: requests, failed: 0 });
  expect(counts.slots).toMatchObject([{ slot: 'blue', requests, errors: expect.any(Number) }]);
  expect(counts.slots[0]?.errors).toBeGreaterThanOrEqual(900);
});

test('no other slot gets a request when the table names no standby', async () => {
  const blue = await context.startApp('blue');
  await context.startApp('green');
  await context.traffic.shift({ active: 'blue', standby: null });
  const load = context.load({
    connections: 8,
    slow: null,
    mix: [{ method: 'GET', path: '/version', expect: [200, 502] }],
  });
  await load.more(100);
  await blue.end('SIGKILL');
  await load.more(200);
  const { versions, failed } = await load.stop();
  expect(failed).toEqual([]);
  expect(Object.keys(versions)).toEqual(['blue']);
  expect(await context.ask('/version')).toMatchObject({
    status: 502,
    json: { error: { code: 'E_APP_DOWN' } },
  });
});
