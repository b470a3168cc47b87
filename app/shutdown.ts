/**
 * The end of a server without a lost request: no new connections, idle ones closed, what is in flight finished and
 * its connection closed behind it.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a connection that has not sent a byte may still begin: its first request can be on its way. */
const FIRST_BYTE_MS = 250;

/**
 * Watches `server` from now on: call it before the server listens.
 * @param stopping is aborted first of all, so that /health says 503 and streams end.
 * @returns the function that stops, which may be called again and then answers the same: true if everything in
 *   flight was finished, false if `timeoutMs` passed first and the rest was cut off.
 */
export function gracefulShutdown(
  server: Server,
  stopping: AbortController,
  timeoutMs: number,
): () => Promise<boolean> {
  const connections = new Set<Socket>();
  const inFlight = new Map<ServerResponse, Socket>();
  /** How much had been read of a connection when its last request or answer ended: it is idle as long as that is all. */
  const readUntil = new WeakMap<Socket, number>();

  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  // Before the app's own listener, which may answer at once.
  server.prependListener('request', (req, res) => {
    const { socket } = req;
    if (stopping.signal.aborted) closeAfter(res);
    inFlight.set(res, socket);
    // Either may be the last: an answer may come before all of the request's body.
    req.once('close', () => settled(socket));
    res.once('close', () => {
      inFlight.delete(res);
      settled(socket);
    });
  });

  function settled(socket: Socket): void {
    readUntil.set(socket, socket.bytesRead);
    // A response that had begun before the stop could not announce the end of its connection any more.
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
    // Not http's own close: since Node 26 it also ends connections whose first request is on its way.
    const closed = new Promise<true>((resolve) =>
      NetServer.prototype.close.call(server, () => resolve(true)),
    );
    closeIdle();
    // Only after one more look at the sockets: a process that was held up has yet to read what arrived meanwhile.
    setTimeout(() => setImmediate(() => closeSilent(connections)), FIRST_BYTE_MS).unref();
    const inOrder = await Promise.race([closed, sleep(timeoutMs, false, { ref: false })]);
    if (!inOrder) server.closeAllConnections();
    return inOrder;
  }

  let stopped: Promise<boolean> | undefined;
  return () => (stopped ??= stop());
}

/** Tells the client not to send its next request here, which would come too late. */
function closeAfter(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}

/** Browsers open connections in advance. Node waits for their first request like for one in flight; we do not. */
function closeSilent(connections: Set<Socket>): void {
  for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
}
