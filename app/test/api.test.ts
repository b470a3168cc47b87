import type { Express } from 'express';
import request from 'supertest';
import { release } from './support';

let app: Express;
let add: (text: string) => Promise<unknown>;

beforeEach(async () => {
  const made = await release();
  app = made.app;
  add = (text) => made.messages.add(text);
});

const post = (body: object) => request(app).post('/api/v1/messages').send(body);
const read = (query = '') => request(app).get(`/api/v1/messages${query}`);
const texts = (body: { messages: { text: string }[] }) => body.messages.map((message) => message.text);

describe('posting a message', () => {
  test('answers 201 with the stored message, its id and its location', async () => {
    const { status, body, headers } = await post({ text: '  Hello, 世界 😀 ' });
    expect(status).toBe(201);
    expect(body).toEqual({ id: 1, text: 'Hello, 世界 😀', createdAt: expect.any(String) });
    expect(new Date(body.createdAt).toISOString()).toBe(body.createdAt);
    expect(headers.location).toBe('/api/v1/messages/1');
    expect((await request(app).get(headers.location!)).body).toEqual(body);
  });

  test('accepts 2000 characters, whatever their size in bytes, and not one more', async () => {
    const escaped = JSON.stringify('😀'.repeat(2000)).replace(/[\ud800-\udfff]/g, (half) => {
      return `\\u${half.charCodeAt(0).toString(16)}`;
    });
    const heaviest = await request(app).post('/api/v1/messages').type('json').send(`{"text":${escaped}}`);
    expect(heaviest.status).toBe(201);
    expect(heaviest.body.text).toBe('😀'.repeat(2000));
    expect((await post({ text: 'x'.repeat(2001) })).status).toBe(400);
  });

  test.each([
    ['no text', {}, 'text must be a text'],
    ['an empty text', { text: ' \n ' }, 'text must not be empty'],
    ['a number', { text: 7 }, 'text must be a text'],
    ['an unknown field', { text: 'x', admin: true }, 'admin is not known here'],
    ['a NUL', { text: 'a\0b' }, 'text must not contain NUL or half a surrogate pair'],
    ['half a character', { text: 'a\ud83d' }, 'text must not contain NUL or half a surrogate pair'],
    ['a list', [], 'The body must be a JSON object with a text.'],
  ])('with %s is rejected, and nothing is stored', async (_what, sent, message) => {
    const { status, body } = await post(sent);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: 'invalid', message });
    expect((await read()).body.messages).toEqual([]);
  });
});

describe('reading messages', () => {
  test('returns pages from the newest to the oldest, the last one without a next', async () => {
    for (const text of ['a', 'b', 'c', 'd', 'e']) await add(text);
    const first = (await read('?limit=2')).body;
    expect(texts(first)).toEqual(['e', 'd']);
    const second = (await read(`?limit=2&before=${first.next}`)).body;
    expect(texts(second)).toEqual(['c', 'b']);
    const last = (await read(`?limit=2&before=${second.next}`)).body;
    expect(last).toMatchObject({ messages: [{ text: 'a' }], next: null });
  });

  test('returns no next for a page that ends exactly at the oldest message', async () => {
    for (const text of ['a', 'b']) await add(text);
    expect((await read('?limit=2')).body.next).toBeNull();
  });

  test('returns 20 by default, and an empty page when there are none', async () => {
    expect((await read()).body).toEqual({ messages: [], next: null });
    for (let i = 0; i < 21; i++) await add(String(i));
    const { body } = await read();
    expect(body.messages).toHaveLength(20);
    expect(body.next).toBe(2);
  });

  test.each(['?limit=0', '?limit=101', '?limit=1e1', '?limit=', '?limit=1&limit=2', '?before=0', '?page=2'])(
    'with %s is rejected',
    async (query) => {
      const { status, body } = await read(query);
      expect(status).toBe(400);
      expect(body.error.code).toBe('invalid');
      expect(body.error.fields).toHaveLength(1);
    },
  );

  test.each(['7', '0', 'x', '99999999999999999999'])(
    'answers 404 for the id %s, which does not exist',
    async (id) => {
      const { status, body } = await read(`/${id}`);
      expect(status).toBe(404);
      expect(body.error).toEqual({ code: 'not_found', message: `There is no message ${id}.` });
    },
  );
});

describe('a slow request', () => {
  test('answers after the requested time', async () => {
    const start = performance.now();
    const { body } = await request(app).get('/api/v1/slow?ms=60');
    expect(body).toEqual({ waited: 60 });
    expect(performance.now() - start).toBeGreaterThan(58);
  });

  test.each(['', '?ms=', '?ms=-1', '?ms=10001', '?ms=abc', '?ms=1&x=2'])(
    'with "%s" is rejected',
    async (query) => {
      const { status, body } = await request(app).get(`/api/v1/slow${query}`);
      expect(status).toBe(400);
      expect(body.error.code).toBe('invalid');
    },
  );
});

describe('every error has the same format', () => {
  const send = (body: string, type: string) =>
    request(app).post('/api/v1/messages').set('Content-Type', type).send(body);

  test('with 404 for an unknown path', async () => {
    const { status, body } = await request(app).get('/nope');
    expect(status).toBe(404);
    expect(body).toEqual({ error: { code: 'not_found', message: 'There is nothing at /nope.' } });
  });

  test.each(['{"text":', '"just a text"', 'null'])('with 400 for a body of %s', async (sent) => {
    const { status, body } = await send(sent, 'application/json');
    expect(status).toBe(400);
    expect(body.error.code).toBe('bad_json');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1'])(
    'with 415 for a body of type %s, and names the accepted type',
    async (type) => {
      const { status, body, headers } = await send('{"text":"x"}', type);
      expect(status).toBe(415);
      expect(body.error.code).toBe('unsupported_media_type');
      expect(headers.accept).toBe('application/json');
    },
  );

  test('with 415 for a body without a type or with an unknown encoding', async () => {
    await request(app).post('/api/v1/messages').expect(415);
    await request(app)
      .post('/api/v1/messages')
      .set({ 'Content-Type': 'application/json', 'Content-Encoding': 'lzma' })
      .send('{}')
      .expect(415);
  });

  test('with 413 for a body that is too large', async () => {
    const { status, body } = await post({ text: 'x'.repeat(40_000) });
    expect(status).toBe(413);
    expect(body.error.code).toBe('too_large');
  });

  test('with 400 for a path with a broken escape', async () => {
    const { status, body } = await request(app).get('/api/v1/messages/%E0%A4%A');
    expect(status).toBe(400);
    expect(body.error.code).toBe('bad_request');
  });

  test.each([
    ['/', 'GET, HEAD'],
    ['/version', 'GET, HEAD'],
    ['/health', 'GET, HEAD'],
    ['/api/v1/messages', 'GET, HEAD, POST'],
    ['/api/v1/messages/1', 'GET, HEAD'],
    ['/api/v1/messages/stream', 'GET, HEAD'],
    ['/api/v1/slow', 'GET, HEAD'],
    ['/api/v1/visitors/stream', 'GET, HEAD'],
  ])('with 405 for a method that %s does not support, and lists those it does', async (path, allow) => {
    const { status, body, headers } = await request(app).delete(path);
    expect(status).toBe(405);
    expect(body.error.code).toBe('method_not_allowed');
    expect(headers.allow).toBe(allow);
    expect((await request(app).options(path).expect(204)).headers.allow).toBe(allow);
  });

  test('with 500 for an internal error, whose details go only to the log', async () => {
    const made = await release();
    await made.database.write((connection) => connection.exec('DROP TABLE messages'));
    const log = jest.spyOn(console, 'error').mockImplementation();
    const { status, body } = await request(made.app).get('/api/v1/messages');
    expect(status).toBe(500);
    expect(body.error).toEqual({ code: 'internal', message: 'Something went wrong on our side.' });
    expect(String(log.mock.calls[0]?.[0])).toContain('no such table');
    log.mockRestore();
  });

  test('with 503 for an unavailable database, and a Retry-After header', async () => {
    const made = await release();
    made.database.close();
    const { status, body, headers } = await request(made.app).get('/api/v1/messages');
    expect(status).toBe(503);
    expect(body.error.code).toBe('unavailable');
    expect(headers['retry-after']).toBe('1');
  });
});
