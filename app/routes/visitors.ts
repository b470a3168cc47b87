/**
 * /api/v1/visitors/stream: which release serves this page, and how many pages each release serves, as server-sent events.
 * A stream stays on its slot, so it ends after a few seconds. The browser opens the next one by itself, and nginx sends it
 * to the slot that serves the page by then. That is how an open page notices a shift.
 */
import { Router, type Response } from 'express';
import { z } from 'zod';
import { invalid, methods } from '../errors';
import { openEvents } from '../events';
import { colourOf, shortCommit, type Facts } from '../page';
import type { ReleaseCount, Visitors } from '../visitors';

const STREAM_MS = 3_000;
const POLL_MS = 500;

/** How long a browser waits before it opens the next stream. */
const RETRY_MS = 200;

/** Long enough for a page to open its next stream, even on a busy machine. */
const EXPIRY_MS = STREAM_MS + 5_000;

const Query = z.strictObject({ visitor: z.string().regex(/^[\w-]{1,64}$/, 'must be the id of a page') });

export function visitorRoutes(
  facts: Facts,
  visitors: Visitors,
  stopping: AbortSignal,
  streamMs = STREAM_MS,
): Router {
  const router = Router();
  router
    .route('/stream')
    .get(async (req, res) => {
      const query = Query.safeParse(req.query);
      if (!query.success) throw invalid(query.error);
      const { visitor } = query.data;
      if (req.method === 'GET' && !stopping.aborted) await visitors.arrive(visitor, EXPIRY_MS);
      openEvents(res);
      if (req.method === 'HEAD') return void res.end();
      res.write(`retry: ${RETRY_MS}\nevent: release\ndata: ${JSON.stringify(facts)}\n\n`);
      // The client closed the stream before its end, so the page is gone.
      res.once('close', () => {
        if (!res.writableEnded) void visitors.leave(visitor).catch(() => undefined);
      });
      streamCounts(res, visitors, stopping, streamMs);
    })
    .all(methods('GET, HEAD'));
  return router;
}

function streamCounts(res: Response, visitors: Visitors, stopping: AbortSignal, streamMs: number): void {
  let sent = '';
  const send = async (): Promise<void> => {
    // A count that fails is left out. /health reports the cause.
    const counts = await visitors.count().catch(() => undefined);
    const data = JSON.stringify(counts?.map(shown));
    if (!counts || data === sent || res.writableEnded) return;
    sent = data;
    res.write(`event: visitors\ndata: ${data}\n\n`);
  };
  const end = (): void => void res.end();
  const poll = setInterval(() => void send(), POLL_MS);
  const last = setTimeout(end, streamMs);
  stopping.addEventListener('abort', end, { once: true });
  res.once('close', () => {
    clearInterval(poll);
    clearTimeout(last);
    stopping.removeEventListener('abort', end);
  });
  if (stopping.aborted) end();
  else void send();
}

const shown = (count: ReleaseCount) => ({
  ...count,
  commit: shortCommit(count.commit),
  colour: colourOf(count.slot),
});
