/** Helpers for all tests: a database in a temporary folder, an app on it, and a client that shows raw responses. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type RequestOptions, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createApp } from '../app';
import { Database } from '../database';
import { MessageFeed } from '../feed';
import type { Identity } from '../identity';
import { MessageStore } from '../messages';
import { migrate } from '../migrations';

// These tests run in every deployment, on a machine that serves users at the same time, so slowness is not a failure.
// They therefore wait for a condition instead of expecting it by a certain time.
jest.setTimeout(120_000);

const cleanups: (() => unknown)[] = [];

/** Runs `cleanup` after the test, in reverse order of registration. */
export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'app-test-'));
  afterwards(() => rmSync(folder, { recursive: true }));
  return folder;
}

export function openDatabase(file: string, retryLimitMs?: number): Database {
  const database = new Database(file, retryLimitMs);
  afterwards(() => database.close());
  return database;
}

interface Setting extends Partial<Identity> {
  /** Two apps with the same file are two slots. */
  file?: string;
  migrated?: boolean;
}

/** A release in a slot. Its stream polls every 10 ms, so that tests are fast. */
export async function release({ file, migrated = true, ...overrides }: Setting = {}) {
  const database = openDatabase(file ?? path.join(temporaryFolder(), 'app.db'));
  if (migrated) await migrate(database);
  const identity: Identity = {
    name: 'switchyard',
    version: '1.2.3',
    commit: 'c0ffee',
    instance: 'i-1',
    slot: 'blue',
    startedAt: '2026-01-02T03:04:05.000Z',
    ...overrides,
  };
  const stopping = new AbortController();
  const messages = new MessageStore(database);
  const feed = new MessageFeed(messages, stopping.signal, 10);
  const app = createApp({ identity, database, messages, feed, stopping: stopping.signal });
  return { app, database, messages, feed, stopping, identity };
}

/** @returns the port. The server is closed after the test. */
export async function listen(server: Server): Promise<number> {
  afterwards(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export async function serve(app: Parameters<typeof createServer>[1]): Promise<number> {
  return listen(createServer(app));
}

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

/** Sends a request and reads the whole response. */
export function fetchAll(options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', ...options }, (res) => {
      let text = '';
      res.on('data', (chunk: Buffer) => (text += chunk.toString()));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }));
      res.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

export interface Transcript {
  socket: Socket;
  /** Everything received so far. */
  text(): string;
  /** Waits until `pattern` is received. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves when the connection is closed. */
  closed: Promise<void>;
}

/** A raw connection: sends bytes and records everything received. */
export async function dial(port: number, send = ''): Promise<Transcript> {
  let received = '';
  const socket = connect(port, '127.0.0.1');
  afterwards(() => socket.destroy());
  socket.on('data', (chunk) => (received += chunk.toString()));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(send);
  const until = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(received)) {
      if (socket.closed) throw new Error(`closed before ${pattern}, after: ${received}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return received;
  };
  return { socket, text: () => received, until, closed };
}

/** Waits for `condition`, up to the time limit of the test. */
export async function until(condition: () => unknown): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** A raw GET request for a keep-alive connection. */
export function get(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: test\r\n${headers}\r\n`;
}
