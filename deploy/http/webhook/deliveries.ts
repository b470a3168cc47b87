/**
 * Counts refused webhooks by reason, for `doctor` and `history`, because a source shows failed deliveries only in its
 * own settings. Stores no request content and at most 20 reasons. Writes at most every five seconds.
 */
import { readFileSync } from 'node:fs';
import type { Request } from 'express';
import { z } from 'zod';
import type { Home } from '../../home/home';
import { writeAtomically } from '../../os/atomic-write';
import { PROBE_AGENT } from '../../traffic/probe';
import type { Refusal } from './refusal';
import { namesAnEvent } from './sender';

const WRITE_EVERY_MS = 5000;
const MOST_REASONS = 20;
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;

const refusedSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  count: z.number(),
  /** Milliseconds since 1970. */
  first: z.number(),
  last: z.number(),
});
const deliveriesSchema = z.object({
  /** The last valid webhook, milliseconds since 1970. */
  accepted: z.number().nullable(),
  refused: z.array(refusedSchema),
});

export type RefusedDeliveries = z.output<typeof refusedSchema>;
export type Deliveries = z.output<typeof deliveriesSchema>;

export interface DeliveryLog {
  accepted(request: Request): void;
  refused(request: Request, why: Refusal): void;
  /** Writes the pending changes. */
  close(): void;
}

export function deliveryLog(home: Pick<Home, 'deliveries'>): DeliveryLog {
  const known = readDeliveries(home);
  let waiting: NodeJS.Timeout | undefined;
  let written = 0;
  const write = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
    written = Date.now();
    try {
      writeAtomically(home.deliveries, `${JSON.stringify(known, null, 2)}\n`, { durable: false });
    } catch (error) {
      // a full disk must not make a webhook fail
      console.error('deliveries:', error);
    }
  };
  const writeSoon = (): void => {
    const wait = written + WRITE_EVERY_MS - Date.now();
    if (wait <= 0 || wait > WRITE_EVERY_MS) write();
    else waiting ??= setTimeout(write, wait).unref();
  };
  return {
    accepted(request) {
      if (!isFromSource(request)) return;
      known.accepted = Date.now();
      writeSoon();
    },
    refused(request, { code, message, hint }) {
      if (!isFromSource(request)) return;
      const now = Date.now();
      const before = known.refused.find((each) => each.message === message);
      const first = before?.first ?? now;
      const others = known.refused.filter((each) => each !== before);
      const one = { code, message, hint, count: (before?.count ?? 0) + 1, first, last: now };
      known.refused = [one, ...others].slice(0, MOST_REASONS);
      writeSoon();
    },
    close: () => void (waiting && write()),
  };
}

/** Newest first. */
export function readDeliveries({ deliveries }: Pick<Home, 'deliveries'>): Deliveries {
  try {
    const { accepted, refused } = deliveriesSchema.parse(JSON.parse(readFileSync(deliveries, 'utf8')));
    return { accepted, refused: refused.filter(({ last }) => Date.now() - last < KEPT_MS) };
  } catch {
    // missing before the first webhook
    return { accepted: null, refused: [] };
  }
}

/** Requests without an event come from scanners, and doctor's own pings are not deliveries. */
function isFromSource(request: Request): boolean {
  return namesAnEvent(request.headers) && request.get('user-agent') !== PROBE_AGENT;
}
