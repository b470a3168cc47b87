/** Helpers for this app's server-sent event streams. */
import type { Response } from 'express';

/** Sends the head of a stream. */
export function openEvents(res: Response): void {
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // Without this header, nginx would collect events until its buffer is full.
    'X-Accel-Buffering': 'no',
  });
}
