/** Server-sent events, as the streams of this app send them. */
import type { Response } from 'express';

/** Sends the head of a stream. */
export function openEvents(res: Response): void {
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // Otherwise nginx collects events until its buffer is full.
    'X-Accel-Buffering': 'no',
  });
}
