/**
 * /api/v1/messages/stream: new messages as server-sent events. A stream outlives any request, so it is the hard case
 * of a deployment: it stays with the slot it began on, and when that one stops it is told, ends, and comes back on
 * the other slot with Last-Event-ID, where nothing is missing.
 */
import { Router, type Response } from 'express';
import { methods } from '../errors';
import type { MessageFeed } from '../feed';
import type { MessageStore } from '../messages';

/** Shorter than the minute after which nginx and most proxies give up a silent connection. */
const HEARTBEAT_MS = 15_000;

/** What a browser waits before it connects again. */
const RETRY_MS = 1_000;

export function streamRoutes(feed: MessageFeed, messages: MessageStore, heartbeatMs = HEARTBEAT_MS): Router {
  const router = Router();
  router
    .route('/')
    .get(async (req, res) => {
      // Asked before the first byte: whoever sees the stream open gets every message posted from then on.
      const newest = await messages.newestId();
      const after = Math.min(lastSeen(req.get('Last-Event-ID')) ?? newest, newest);
      res.writeHead(200, {
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store',
        // nginx would collect the events until its buffer is full.
        'X-Accel-Buffering': 'no',
      });
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

/** @returns the id a client that comes back saw last; undefined for a new one, and for what was never our id. */
function lastSeen(header: string | undefined): number | undefined {
  return header && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
