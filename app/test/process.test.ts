/** The real processes, compiled as in a release: dist/app beside a package.json, started with plain Node. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { transformFileSync } from '@swc/core';
import { afterwards, dial, fetchAll, get, temporaryFolder } from './support';

const SOURCE = path.join(__dirname, '..');
const NODE_PATH = path.resolve(require.resolve('express/package.json'), '../..');

/** Compiled once, since the tests differ only in the environment. */
const root = mkdtempSync(path.join(tmpdir(), 'app-test-'));
afterAll(() => rmSync(root, { recursive: true }));

beforeAll(() => {
  writeFileSync(path.join(root, 'package.json'), '{"name":"compiled","version":"4.5.6"}');
  const sources = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' });
  for (const file of sources.filter((name) => name.endsWith('.ts') && !name.startsWith('test'))) {
    const { code } = transformFileSync(path.join(SOURCE, file), {
      swcrc: false,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'commonjs' },
    });
    const target = path.join(root, 'dist', 'app', file.replace(/ts$/, 'js'));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
});

/** Starts a compiled file with this environment and nothing else. */
function start(file: string, env: Record<string, string>) {
  const child = spawn(process.execPath, [path.join(root, 'dist', 'app', file)], {
    env: { NODE_PATH, PORT: '0', TMPDIR: root, ...env },
  });
  afterwards(() => child.kill('SIGKILL'));
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const exit = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }));
  });
  const port = async (): Promise<number> => {
    while (!/listening/.test(out)) {
      if (child.exitCode !== null) throw new Error(`exited early: ${err}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return Number(/:(\d+) /.exec(out)?.[1]);
  };
  return { child, port, exit };
}

const SLOT = { SWITCHYARD_INSTANCE: 'i-1', SWITCHYARD_SLOT: 'green', SWITCHYARD_COMMIT: 'abc123' };

test('a release migrates, starts, is healthy, and stops gracefully with code 0 on SIGTERM', async () => {
  const env = { ...SLOT, SWITCHYARD_DATA: path.join(temporaryFolder(), 'shared') };

  const migrated = await start('migrate.js', env).exit;
  expect(migrated).toEqual({
    code: 0,
    out: 'applied migration 1 (messages)\napplied migration 2 (visitors)\n',
    err: '',
  });
  const again = start('migrate.js', env).exit;
  const server = start('server.js', env);
  const port = await server.port();
  expect(await again).toEqual({ code: 0, out: 'nothing to migrate\n', err: '' });

  const health = await fetchAll({ port, path: '/health' });
  expect(JSON.parse(health.text)).toEqual({ status: 'ok', commit: 'abc123', instance: 'i-1' });
  const version = await fetchAll({ port, path: '/version' });
  expect(JSON.parse(version.text)).toMatchObject({ name: 'compiled', version: '4.5.6', slot: 'green' });
  // nginx keeps idle connections for 1 s, and the app must keep them longer.
  expect(version.headers['keep-alive']).toBe('timeout=65');

  const slow = await dial(port, get('/api/v1/slow?ms=200'));
  const stream = await dial(port, get('/api/v1/messages/stream'));
  await stream.until(/: connected/);
  server.child.kill('SIGTERM');
  await slow.until(/{"waited":200}/);
  await stream.until(/event: bye/);
  expect(await server.exit).toEqual({
    code: 0,
    out: `listening on http://127.0.0.1:${port} (green, abc123)\nstopped by SIGTERM\n`,
    err: '',
  });
});

test('under Switchyard a server does not migrate, and is unhealthy without its schema', async () => {
  const server = start('server.js', { ...SLOT, SWITCHYARD_DATA: temporaryFolder(), STOP_TIMEOUT_MS: '50' });
  const port = await server.port();
  const health = await fetchAll({ port, path: '/health' });
  expect(health.status).toBe(503);
  expect(JSON.parse(health.text)).toMatchObject({ instance: 'i-1', error: { code: 'unavailable' } });

  await dial(port, get('/api/v1/slow?ms=5000'));
  await fetchAll({ port, path: '/version' }); // the slow request arrived before this answer
  server.child.kill('SIGTERM');
  expect(await server.exit).toMatchObject({
    code: 1,
    out: expect.stringContaining('cut off at the deadline'),
  });
});

test('in development a server migrates by itself, and Ctrl-C stops it with code 0', async () => {
  const server = start('server.js', {});
  await fetchAll({ port: await server.port(), path: '/health' }).then(({ status }) =>
    expect(status).toBe(200),
  );
  server.child.kill('SIGINT');
  expect(await server.exit).toMatchObject({
    code: 0,
    out: expect.stringMatching(/\(local, dev\)\nstopped by SIGINT/),
  });
});

test('a port in use and a failed migration are one sentence each, with exit code 1', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  afterwards(() => other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as { port: number };

  const server = start('server.js', { PORT: String(port) }).exit;
  const migration = start('migrate.js', { SWITCHYARD_DATA: '/dev/null/nowhere' }).exit;
  expect(await server).toEqual({
    code: 1,
    out: '',
    err: `Cannot listen on 127.0.0.1:${port}: another process uses that port; set PORT to a free one.\n`,
  });
  expect(await migration).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^[^\n]+\n$/) });
});
