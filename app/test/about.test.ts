import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Script } from 'node:vm';
import request from 'supertest';
import { readConfig } from '../config';
import { StartupError } from '../errors';
import { identify } from '../identity';
import { release, temporaryFolder } from './support';

describe('GET /version', () => {
  test('returns the version, the commit, the slot and the start time', async () => {
    const { app } = await release({ slot: 'green', commit: 'abc123' });
    const { status, body, headers } = await request(app).get('/version');
    expect(status).toBe(200);
    expect(body).toEqual({
      name: 'switchyard',
      version: '1.2.3',
      commit: 'abc123',
      slot: 'green',
      startedAt: '2026-01-02T03:04:05.000Z',
    });
    expect(headers['cache-control']).toBe('no-store');
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('etag');
  });

  test("is not fooled by X-Forwarded-* headers that are not from this machine's nginx", async () => {
    const { app } = await release();
    const trusts = app.get('trust proxy fn') as (address: string, hops: number) => boolean;
    expect([trusts('127.0.0.1', 0), trusts('203.0.113.7', 0)]).toEqual([true, false]);
  });
});

describe('name and version', () => {
  const config = { commit: 'c', instance: 'i', slot: 'blue' };

  test('come from the nearest package.json above the compiled file', () => {
    const root = temporaryFolder();
    const compiled = path.join(root, 'releases', 'dist', 'app');
    mkdirSync(compiled, { recursive: true });
    writeFileSync(path.join(root, 'package.json'), '{"name":"not-this-one","version":"0.0.0"}');
    writeFileSync(path.join(root, 'releases', 'package.json'), '{"name":"mine","version":"7.8.9"}');
    // a build may add a package.json that only has the type of its modules
    writeFileSync(path.join(root, 'releases', 'dist', 'package.json'), '{"type":"commonjs"}');
    expect(identify(config, compiled)).toMatchObject({ name: 'mine', version: '7.8.9' });
  });

  test('come from the package.json of the clone when the source runs', () => {
    expect(identify(config, path.join(__dirname, '..'))).toMatchObject({
      version: expect.stringMatching(/^\d+\./),
    });
  });

  test('are a one-sentence error at start when they are missing', () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'package.json'), '{"name":');
    expect(() => identify(config, folder)).toThrow(new StartupError(`${folder}/package.json is not JSON.`));
    expect(() => identify(config, '/')).toThrow(/^No package.json/);
  });
});

describe('GET /health', () => {
  test('answers 200 with commit and instance while the process can serve', async () => {
    const { app } = await release({ commit: 'abc123', instance: 'i-42' });
    const { status, body } = await request(app).get('/health');
    expect({ status, body }).toEqual({
      status: 200,
      body: { status: 'ok', commit: 'abc123', instance: 'i-42' },
    });
  });

  test('answers 503 as soon as the process is stopping, with commit and instance', async () => {
    const { app, stopping } = await release({ commit: 'abc123', instance: 'i-42' });
    stopping.abort();
    const { status, body } = await request(app).get('/health');
    expect(status).toBe(503);
    expect(body).toEqual({
      status: 'unavailable',
      commit: 'abc123',
      instance: 'i-42',
      error: { code: 'unavailable', message: 'The server is stopping.' },
    });
  });

  test('answers 503 without the schema, and 200 without a restart once it exists', async () => {
    const file = path.join(temporaryFolder(), 'app.db');
    const { app } = await release({ file, migrated: false });
    const before = await request(app).get('/health');
    expect(before.status).toBe(503);
    expect(before.body.error.message).toMatch(/no such table/);

    await release({ file });
    await request(app).get('/health').expect(200);
  });

  test('answers 503 when a migration of this release is missing', async () => {
    const { app, database } = await release();
    await database.write((connection) => connection.exec('DELETE FROM schema_migrations'));
    const { status, body } = await request(app).get('/health');
    expect(status).toBe(503);
    expect(body.error.message).toMatch(/lacks a migration/);
  });

  test('answers 503 when the database cannot be opened', async () => {
    const { app } = await release({ file: '/nowhere/app.db', migrated: false });
    const { status, body } = await request(app).get('/health');
    expect(status).toBe(503);
    expect(body.error.message).toMatch(/does not answer/);
  });
});

describe('GET /', () => {
  test.each([
    ['blue', '#2563eb'],
    ['green', '#15803d'],
    ['canary-3', '#4b5563'],
  ])('shows version and slot, in the colour of %s', async (slot, colour) => {
    const { app } = await release({ slot });
    const { status, text, type } = await request(app).get('/');
    expect({ status, type }).toEqual({ status: 200, type: 'text/html' });
    expect(text).toContain('version <strong>1.2.3</strong>');
    expect(text).toContain(`on <strong>${slot}</strong>`);
    expect(text).toContain(`--slot: ${colour};`);
  });

  test('is a single document that loads nothing and forbids everything but its own script and stream', async () => {
    const { app } = await release();
    const { text, headers } = await request(app).get('/');
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
    const scripts = [...text.matchAll(/<script>([^]*?)<\/script>/g)].map(([, script = '']) => script);
    expect(text.match(/<script/g)).toHaveLength(1);
    const hashes = scripts.map((script) => createHash('sha256').update(script).digest('base64'));
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; " +
        `script-src 'sha256-${hashes.join()}'`,
    );
  });

  test('has a script without syntax errors', async () => {
    const { app } = await release();
    const { text } = await request(app).get('/');
    const script = /<script>([^]*?)<\/script>/.exec(text)?.[1] ?? '';
    expect(() => new Script(script)).not.toThrow();
    expect(script).toContain('connect()');
  });

  test('escapes hostile names', async () => {
    const { app } = await release({ slot: '<img src=x onerror=alert(1)>', version: '"><script>' });
    const { text } = await request(app).get('/');
    expect(text).not.toMatch(/<img|"><script/);
    expect(text).toContain('&#60;script&#62;');
  });
});

describe('the environment', () => {
  test('may be empty, for a development server on this machine', () => {
    expect(readConfig({})).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      stopTimeoutMs: 10_000,
      commit: 'dev',
      instance: 'local',
      slot: 'local',
      managed: false,
    });
  });

  test('of Switchyard sets the commit, the instance, the slot and the shared folder', () => {
    const environment = {
      PORT: '8081',
      SWITCHYARD_COMMIT: 'abc',
      SWITCHYARD_INSTANCE: 'i-1',
      SWITCHYARD_SLOT: 'green',
      SWITCHYARD_DATA: '/srv/shared',
    };
    expect(readConfig(environment)).toMatchObject({
      port: 8081,
      commit: 'abc',
      instance: 'i-1',
      slot: 'green',
      databaseFile: '/srv/shared/app.db',
      managed: true,
    });
  });

  test('treats an empty variable as unset', () => {
    expect(readConfig({ PORT: '', SWITCHYARD_INSTANCE: '' })).toMatchObject({ port: 3000, managed: false });
  });

  test.each(['80a', '65536', '-1', '3e3'])('is rejected in one sentence when PORT is %s', (PORT) => {
    const error = new StartupError('PORT must be a whole number from 0 to 65535.');
    expect(() => readConfig({ PORT })).toThrow(error);
  });

  test('is rejected under Switchyard without the shared folder, since data would go to a temporary one', () => {
    expect(() => readConfig({ SWITCHYARD_INSTANCE: 'i-1' })).toThrow(/SWITCHYARD_DATA is not set/);
  });
});
