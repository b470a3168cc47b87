import path from 'node:path';
import express from 'express';
import request from 'supertest';
import { factsOf } from '../page';
import { visitorRoutes } from '../routes/visitors';
import { Visitors } from '../visitors';
import { dial, fetchAll, get, release, serve, temporaryFolder, until } from './support';

const stream = (visitor: string): string => `/api/v1/visitors/stream?visitor=${visitor}`;

/** Blue and green share a database. Green runs the newer release. */
async function twoSlots() {
  const file = path.join(temporaryFolder(), 'app.db');
  const blue = await release({ file, slot: 'blue', instance: 'i-blue' });
  const green = await release({ file, slot: 'green', instance: 'i-green', version: '1.3.0', commit: 'beef' });
  return { blue, green };
}

function countsOf({ database, identity }: Awaited<ReturnType<typeof release>>): Visitors {
  return new Visitors(database, identity);
}

test('a stream first names the release that serves the page', async () => {
  const { app, identity } = await release({ slot: 'green', commit: '0123456789abcdef' });
  const page = await dial(await serve(app), get(stream('page-1')));
  const text = await page.until(/event: release\ndata: .*\n\n/);
  expect(text).toMatch(/^HTTP\/1.1 200 OK\r\nContent-Type: text\/event-stream; charset=utf-8\r\n/);
  expect(text).toMatch(/\r\nX-Accel-Buffering: no\r\n/i);
  expect(text).toContain(`data: ${JSON.stringify(factsOf(identity))}\n\n`);
  expect(factsOf(identity)).toMatchObject({ version: '1.2.3', commit: '0123456', slot: 'green' });
});

test('a stream counts the pages by release and slot, whichever slot it comes from', async () => {
  const { blue, green } = await twoSlots();
  await countsOf(blue).arrive('page-1', 60_000);
  await countsOf(green).arrive('page-2', 60_000);
  const page = await dial(await serve(blue.app), get(stream('page-3')));
  const counts = [
    { version: '1.2.3', commit: 'c0ffee', slot: 'blue', visitors: 2, colour: '#2563eb' },
    { version: '1.3.0', commit: 'beef', slot: 'green', visitors: 1, colour: '#15803d' },
  ];
  expect(await page.until(/event: visitors\ndata: .*\n\n/)).toContain(`data: ${JSON.stringify(counts)}\n\n`);
});

test('a page that moves to another release is counted there, and only once', async () => {
  const { blue, green } = await twoSlots();
  const [before, after] = [countsOf(blue), countsOf(green)];
  await before.arrive('page-1', 60_000);
  await after.arrive('page-1', 60_000);
  // Its stream on blue ends late.
  await before.leave('page-1');
  expect(await after.count()).toEqual([{ version: '1.3.0', commit: 'beef', slot: 'green', visitors: 1 }]);
});

test('the pages of a killed process expire', async () => {
  const { blue, green } = await twoSlots();
  await countsOf(blue).arrive('page-1', 50);
  await countsOf(green).arrive('page-2', 60_000);
  await until(async () => (await countsOf(green).count()).length === 1);
  expect(await countsOf(green).count()).toMatchObject([{ slot: 'green', visitors: 1 }]);

  await countsOf(green).arrive('page-3', 60_000);
  const rows = await green.database.read((connection) =>
    connection.all('SELECT id FROM visitors ORDER BY id'),
  );
  expect(rows.map(({ id }) => id)).toEqual(['page-2', 'page-3']);
});

test('a page that is closed is no longer counted', async () => {
  const app = await release();
  const page = await dial(await serve(app.app), get(stream('page-1')));
  await page.until(/event: visitors/);
  page.socket.destroy();
  await until(async () => (await countsOf(app).count()).length === 0);
});

test('a stream ends by itself, complete, and its page stays counted while it opens the next one', async () => {
  const { identity, database, stopping } = await release();
  const visitors = new Visitors(database, identity);
  const app = express().use(visitorRoutes(factsOf(identity), visitors, stopping.signal, 50));
  const page = await dial(await serve(app), get('/stream?visitor=page-1', 'Connection: close\r\n'));
  await page.closed;
  expect(page.text()).toMatch(/retry: 200\n[^]*\r\n0\r\n\r\n$/);
  expect(await new Visitors(database, identity).count()).toMatchObject([{ visitors: 1 }]);
});

test('a stopping server ends a stream immediately', async () => {
  const { app, stopping } = await release();
  const page = await dial(await serve(app), get(stream('page-1'), 'Connection: close\r\n'));
  await page.until(/event: release/);
  stopping.abort();
  await page.closed;
  expect(page.text()).toMatch(/\r\n0\r\n\r\n$/);
});

test('a stream that is opened while the server is stopping counts nothing and ends immediately', async () => {
  const setting = await release();
  setting.stopping.abort();
  const { status } = await request(setting.app).get(stream('page-1'));
  expect(status).toBe(200);
  expect(await countsOf(setting).count()).toEqual([]);
});

test.each(['', '?visitor=', '?visitor=a%20b', `?visitor=${'x'.repeat(65)}`, '?visitor=a&other=1'])(
  'a stream of "%s" is refused',
  async (query) => {
    const { app } = await release();
    await request(app).get(`/api/v1/visitors/stream${query}`).expect(400);
  },
);

test('HEAD opens no stream and counts nothing', async () => {
  const setting = await release();
  const answer = await fetchAll({ port: await serve(setting.app), path: stream('page-1'), method: 'HEAD' });
  expect(answer).toMatchObject({ status: 200, text: '' });
  expect(await countsOf(setting).count()).toEqual([]);
});
