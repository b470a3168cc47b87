import path from 'node:path';
import express from 'express';
import request from 'supertest';
import { streamRoutes } from '../routes/stream';
import { dial, fetchAll, get, release, serve, temporaryFolder, until } from './support';

const STREAM = '/api/v1/messages/stream';

test('a stream on blue gets messages posted on green', async () => {
  const file = path.join(temporaryFolder(), 'app.db');
  const blue = await release({ file, slot: 'blue' });
  const green = await release({ file, slot: 'green' });
  await green.messages.add('before the stream');

  const stream = await dial(await serve(blue.app), get(STREAM));
  await stream.until(/: connected/);
  const { body } = await request(green.app).post('/api/v1/messages').send({ text: 'two\nlines' });
  await stream.until(/two/);

  expect(stream.text()).toMatch(/^HTTP\/1.1 200 OK\r\nContent-Type: text\/event-stream; charset=utf-8\r\n/);
  expect(stream.text()).toContain(`id: 2\nevent: message\ndata: ${JSON.stringify(body)}\n\n`);
  expect(stream.text()).not.toContain('before the stream');
});

test('every listener gets every message once, in order', async () => {
  const { app, messages } = await release();
  const port = await serve(app);
  const streams = await Promise.all([1, 2, 3].map(() => dial(port, get(STREAM))));
  for (const stream of streams) await stream.until(/: connected/);
  await Promise.all(Array.from({ length: 30 }, (_, i) => messages.add(`n${i}`)));
  for (const stream of streams) await stream.until(/id: 30\n/);
  await messages.add('one more, in a later round');
  for (const stream of streams) {
    await stream.until(/id: 31\n/);
    const ids = [...stream.text().matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual(Array.from({ length: 31 }, (_, i) => i + 1));
  }
});

test('a client that returns with Last-Event-ID gets the messages it missed', async () => {
  const { app, messages } = await release();
  for (const text of ['seen', 'missed', 'missed too']) await messages.add(text);
  const stream = await dial(await serve(app), get(STREAM, 'Last-Event-ID: 1\r\n'));
  await stream.until(/id: 3\n/);
  expect(stream.text()).not.toContain('"seen"');
  expect(stream.text()).toMatch(/id: 2\n[^]*id: 3\n/);
});

test.each(['nonsense', '-1', '999999'])(
  'a stream with the invalid Last-Event-ID %s starts with the next message',
  async (id) => {
    const { app, messages } = await release();
    await messages.add('old');
    const stream = await dial(await serve(app), get(STREAM, `Last-Event-ID: ${id}\r\n`));
    await stream.until(/: connected/);
    await messages.add('new');
    await stream.until(/"new"/);
    expect(stream.text()).not.toContain('"old"');
  },
);

test('heartbeat comments keep a silent stream alive', async () => {
  const { feed, messages } = await release();
  const app = express().use('/', streamRoutes(feed, messages, 10));
  const stream = await dial(await serve(app), get('/'));
  await stream.until(/(: heartbeat\n\n[^]*){3}/);
});

test('a stopping server ends a stream properly, with a last event and a retry time', async () => {
  const { app, stopping } = await release();
  const stream = await dial(await serve(app), get(STREAM, 'Connection: close\r\n'));
  await stream.until(/: connected/);
  stopping.abort();
  await stream.closed;
  // "0" is the last chunk, so the response is complete.
  expect(stream.text()).toMatch(/event: bye\nretry: 1000\ndata: {}\n\n\r\n0\r\n\r\n$/);
});

test('a stream that is opened while the server is stopping ends immediately', async () => {
  const { app, stopping } = await release();
  stopping.abort();
  const { text } = await request(app).get(STREAM);
  expect(text).toContain('event: bye');
});

test('HEAD does not open a stream', async () => {
  const { app } = await release();
  const { status, text } = await fetchAll({ port: await serve(app), path: STREAM, method: 'HEAD' });
  expect({ status, text }).toEqual({ status: 200, text: '' });
});

test('a stream survives a short failure of the database', async () => {
  const { app, messages } = await release();
  const stream = await dial(await serve(app), get(STREAM));
  await stream.until(/: connected/);
  const failing = jest.spyOn(messages, 'after').mockRejectedValue(new Error('disk I/O error'));
  await messages.add('while it failed');
  await until(() => failing.mock.calls.length > 1);
  failing.mockRestore();
  await stream.until(/while it failed/);
});

test('the database is polled only while a client listens', async () => {
  const { app, messages } = await release();
  const queries = jest.spyOn(messages, 'after');
  const stream = await dial(await serve(app), get(STREAM));
  await stream.until(/: connected/);
  await until(() => queries.mock.calls.length > 2);

  stream.socket.destroy();
  do {
    queries.mockClear();
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (queries.mock.calls.length > 0);
});

test('a client that does not read uses no memory, and later gets every message', async () => {
  const { feed, messages } = await release();
  const received: number[] = [];
  let ready = false;
  feed.listen({ isReady: () => ready, onMessage: ({ id }) => received.push(id), onStop: () => undefined }, 0);
  for (let i = 0; i < 3; i++) await messages.add('x');
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(received).toEqual([]);
  ready = true;
  await until(() => received.length >= 3);
  expect(received).toEqual([1, 2, 3]);
});
