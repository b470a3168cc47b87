/**
 * /api/v1/messages/stream: new messages as server-sent events. A stream outlives other requests, so it is the hard case
 * of a deployment. It stays on its slot until the slot stops and sends a last event. The client then reconnects to the
 * other slot with Last-Event-ID and misses nothing.
 */
import { Router, type Response } from 'express';
import { methods } from '../errors';
import { openEvents } from '../events';
import type { MessageFeed } from '../feed';
import type { MessageStore } from '../messages';

/** Shorter than the minute after which nginx and most proxies close a silent connection. */
const HEARTBEAT_MS = 15_000;

/** How long a browser waits before it reconnects. */
const RETRY_MS = 1_000;

export function streamRoutes(feed: MessageFeed, messages: MessageStore, heartbeatMs = HEARTBEAT_MS): Router {
  const router = Router();
  router
    .route('/')
    .get(async (req, res) => {
      // Read before the first byte is sent, so that an open stream gets every message posted from then on.
      const newest = await messages.newestId();
      const after = Math.min(lastSeen(req.get('Last-Event-ID')) ?? newest, newest);
      openEvents(res);
      if (req.method === 'HEAD') return void res.end();
      res.write(': connected\n\n');
      stream(res, feed, after, heartbeatMs);
    })
    .all(methods('GET, HEAD'));
  return router;
}

function stream(res: Response, feed: MessageFeed, after: number, heartbeatMs: number): void {
  const isReady = (): boolean => !res.writableNeedDrain;
  const heartbeat = setInterval(() => isReady() && res.write(': heartbeat\n\n'), heartbeatMs);
  const leave = feed.listen(
    {
      isReady,
      onMessage: (message) =>
        res.write(`id: ${message.id}\nevent: message\ndata: ${JSON.stringify(message)}\n\n`),
      onStop: () => res.end(`event: bye\nretry: ${RETRY_MS}\ndata: {}\n\n`),
    },
    after,
  );
  res.once('close', () => {
    clearInterval(heartbeat);
    leave();
  });
}

/** @returns the last id that a returning client received, or undefined for a new client or an invalid id. */
function lastSeen(header: string | undefined): number | undefined {
  return header && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
