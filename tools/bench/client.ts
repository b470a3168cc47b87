/**
 * One client of the load: sends a request on a keep-alive connection, waits for the response, and continues. It never
 * retries: a request has failed if its connection ends before the response. Only a connection that the server closes
 * between two requests may be replaced.
 */
import { connect, type Socket } from 'node:net';
import { firstResponse } from './responses';

const RECONNECT_AFTER_MS = 10;

export interface Request {
  method: string;
  path: string;
  body?: string;
  /** The statuses that count as success. */
  expect: number[];
}

export interface Result {
  /** From the time at which the request was due to the end of the response. */
  ms: number;
  /** Null for success. */
  failure: string | null;
}

export interface ClientOptions {
  port: number;
  /** Sent in turn. */
  requests: Request[];
  /** The interval between the times at which requests are due; 0 for no pause. */
  everyMs: number;
  timeoutMs: number;
}

interface Pending {
  due: number;
  request: Request;
  timer: NodeJS.Timeout;
}

/** @param number makes each client start with a different request */
export function startClient(
  { port, requests, everyMs, timeoutMs }: ClientOptions,
  number: number,
  onResult: (result: Result) => void,
): { stop: () => Promise<void> } {
  const encoded = requests.map((request) => encode(request, port));
  let socket: Socket | null = null;
  let pending: Pending | null = null;
  let received: Buffer = Buffer.alloc(0);
  let turn = number;
  let stopping = false;
  let due = performance.now() + Math.random() * everyMs;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));

  function next(): void {
    if (stopping) return leave();
    if (everyMs === 0) due = performance.now();
    const wait = due - performance.now();
    if (wait > 0.5) setTimeout(send, wait);
    else send();
  }

  function send(): void {
    if (stopping) return leave();
    if (socket === null) return open();
    const index = turn % encoded.length;
    turn += 1;
    const timer = setTimeout(() => drop('no answer in time'), timeoutMs);
    pending = { due, request: requests[index] as Request, timer };
    due += everyMs;
    socket.write(encoded[index] as Buffer);
  }

  function open(): void {
    const opening = connect({ host: '127.0.0.1', port, noDelay: true });
    let failure = 'closed';
    received = Buffer.alloc(0);
    opening.once('connect', () => {
      socket = opening;
      send();
    });
    opening.on('data', (bytes) => take(opening, bytes));
    opening.on('error', ({ code }: NodeJS.ErrnoException) => (failure = code ?? 'error'));
    opening.once('close', () => onClose(opening, failure));
  }

  function take(from: Socket, bytes: Buffer): void {
    received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
    let response;
    try {
      response = firstResponse(received);
    } catch (error) {
      return drop(error instanceof Error ? error.message : String(error));
    }
    if (response === null || pending === null) return;
    received = received.subarray(response.bytes);
    if (response.closes) {
      from.destroy();
      socket = null;
    }
    const { status } = response;
    settle(pending.request.expect.includes(status) ? null : `status ${status}`);
    next();
  }

  /** Fails the pending request and closes its connection. */
  function drop(failure: string): void {
    const last = socket;
    socket = null;
    last?.destroy();
    settle(failure);
    next();
  }

  function onClose(closed: Socket, failure: string): void {
    // no request is lost when the connection closes between two requests
    if (closed === socket && pending === null) socket = null;
    else if (closed === socket) drop(failure);
    else if (socket === null && pending === null && !closed.connecting && failure !== 'closed')
      failToConnect(failure);
  }

  /** Counts as a failed request, because a user would have tried to send one. */
  function failToConnect(failure: string): void {
    onResult({ ms: performance.now() - due, failure });
    due += everyMs;
    setTimeout(next, RECONNECT_AFTER_MS);
  }

  function settle(failure: string | null): void {
    if (pending === null) return;
    clearTimeout(pending.timer);
    onResult({ ms: performance.now() - pending.due, failure });
    pending = null;
  }

  function leave(): void {
    socket?.destroy();
    socket = null;
    finish();
  }

  next();
  return {
    /** Lets the pending request finish. */
    stop() {
      stopping = true;
      return finished;
    },
  };
}

function encode({ method, path, body }: Request, port: number): Buffer {
  const head = [`${method} ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, 'connection: keep-alive'];
  if (body !== undefined)
    head.push('content-type: application/json', `content-length: ${Buffer.byteLength(body)}`);
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`);
}
