/** What every story needs: a database in a folder of its own, an app on it, a client that shows raw answers. */
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

// These stories run at every deployment, on a machine that serves at the same time: being slow is no failure.
// For the same reason none of them expects a thing to be done by a certain time; they wait until it is.
jest.setTimeout(20_000);

const cleanups: (() => unknown)[] = [];

/** Runs after the test, the last one first. */
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

export function openDatabase(file: string, patienceMs?: number): Database {
  const database = new Database(file, patienceMs);
  afterwards(() => database.close());
  return database;
}

interface Setting extends Partial<Identity> {
  /** Two apps on one file are two slots. */
  file?: string;
  migrated?: boolean;
}

/** One release on one slot. The stream looks for news every 10 ms, so that no test waits for it. */
export async function release({ file, migrated = true, ...who }: Setting = {}) {
  const database = openDatabase(file ?? path.join(temporaryFolder(), 'app.db'));
  if (migrated) await migrate(database);
  const identity: Identity = {
    name: 'switchyard',
    version: '1.2.3',
    commit: 'c0ffee',
    instance: 'i-1',
    slot: 'blue',
    startedAt: '2026-01-02T03:04:05.000Z',
    ...who,
  };
  const stopping = new AbortController();
  const messages = new MessageStore(database);
  const feed = new MessageFeed(messages, stopping.signal, 10);
  const app = createApp({ identity, database, messages, feed, stopping: stopping.signal });
  return { app, database, messages, feed, stopping, identity };
}

/** @returns the port. The server is closed after the test, however it went. */
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

/** A request whose answer is read to its end. */
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
  /** Everything received until now. */
  text(): string;
  /** Waits until `pattern` was received. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves when the other side has closed. */
  closed: Promise<void>;
}

/** A connection by hand: what is sent and what comes back, byte for byte. */
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

/** Waits as long as it takes; the test's own time limit is the end. */
export async function until(condition: () => unknown): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** The bytes of a request on a connection that wants to be kept. */
export function get(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: test\r\n${headers}\r\n`;
}
