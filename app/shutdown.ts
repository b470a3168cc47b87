/**
 * Stops a server without losing a request: it accepts no new connections, closes idle ones, and finishes requests in
 * flight before it closes theirs.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a new connection may take to send its first byte, because its request may be in transit. */
const FIRST_BYTE_MS = 250;

/**
 * Tracks the connections of `server`. Call it before the server listens.
 * @param stopping is aborted first, so that /health answers 503 and streams end.
 * @returns a function that stops the server. Repeated calls return the same promise: true if everything in flight
 *   finished, false if `timeoutMs` passed first and the rest was cut off.
 */
export function gracefulShutdown(
  server: Server,
  stopping: AbortController,
  timeoutMs: number,
): () => Promise<boolean> {
  const connections = new Set<Socket>();
  const inFlight = new Map<ServerResponse, Socket>();
  /**
   * The number of bytes read from a connection when its last request or response ended. Until it grows, the connection
   * is idle.
   */
  const readUntil = new WeakMap<Socket, number>();

  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  // Must run before the app's own listener, which may answer immediately.
  server.prependListener('request', (req, res) => {
    const { socket } = req;
    if (stopping.signal.aborted) closeAfter(res);
    inFlight.set(res, socket);
    // Either may come last: a response may end before the request's body.
    req.once('close', () => settled(socket));
    res.once('close', () => {
      inFlight.delete(res);
      settled(socket);
    });
  });

  function settled(socket: Socket): void {
    readUntil.set(socket, socket.bytesRead);
    // A response that started before the stop could not announce that its connection closes.
    if (stopping.signal.aborted) setImmediate(closeIdle);
  }

  function closeIdle(): void {
    const busy = new Set(inFlight.values());
    for (const socket of connections)
      if (!busy.has(socket) && readUntil.get(socket) === socket.bytesRead) socket.destroy();
  }

  async function stop(): Promise<boolean> {
    stopping.abort();
    for (const res of inFlight.keys()) closeAfter(res);
    // Not http's own close: since Node 26 it also closes connections whose first request is in transit.
    const closed = new Promise<true>((resolve) =>
      NetServer.prototype.close.call(server, () => resolve(true)),
    );
    closeIdle();
    // After one more turn of the event loop, because a delayed process has yet to read data that has already arrived.
    setTimeout(() => setImmediate(() => closeSilent(connections)), FIRST_BYTE_MS).unref();
    const graceful = await Promise.race([closed, sleep(timeoutMs, false, { ref: false })]);
    if (!graceful) server.closeAllConnections();
    return graceful;
  }

  let stopped: Promise<boolean> | undefined;
  return () => (stopped ??= stop());
}

/** Makes the client send its next request on another connection; on this one it would come too late. */
function closeAfter(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}

/** Browsers open connections in advance. Node would wait for their first request as if it were in flight. */
function closeSilent(connections: Set<Socket>): void {
  for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
}
