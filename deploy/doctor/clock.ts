/**
 * Compares the clock with the journal and the source. Nothing relies on the clock for order, so a step is only a
 * warning.
 */
import { duration, plural } from '../core/format';
import { asRoot } from '../os/as-root';
import { sendHttp } from '../os/http';
import type { Judgement } from './finding';
import { orOk, warning } from './finding';
import type { DoctorContext } from './context';
import { ASK_MS } from './timeouts';

/** NTP keeps a clock within milliseconds; a larger difference counts as a step. */
const SMALL_STEP_MS = 2000;
/** Signatures and tokens are commonly rejected when clocks differ by minutes. */
const MUCH_MS = 60_000;
const DAY_MS = 24 * 60 * 60 * 1000;
const SET = 'timedatectl set-ntp true';

export async function checkClock(context: DoctorContext): Promise<Judgement[]> {
  const source = attempt(() => context.config().source);
  const theirs = source ? await dateOf(source) : null;
  const newest = attempt(() => context.journal().newestAt());
  const now = Date.now();
  const skew = theirs === null ? null : theirs - now;
  return orOk(
    [...judgeJournal(newest, now), ...judgeSkew(skew)],
    skew === null
      ? 'not behind the journal'
      : `not behind the journal, and the source's differs by ${duration(Math.abs(skew))}`,
  );
}

/** @param newest time of the journal's last entry, in milliseconds since 1970; null if there is none */
export function judgeJournal(newest: number | null, now: number): Judgement[] {
  if (newest === null || newest - now <= SMALL_STEP_MS) return [];
  const step = longDuration(newest - now);
  // either the clock is wrong now, or it was wrong when the entry was written
  const message = `The clock was set back: it is ${step} behind the last entry of the journal. Compare it with a clock that you trust. If it is right, nothing needs to be done.`;
  return [warning(message, 'date -u')];
}

function longDuration(ms: number): string {
  return ms < DAY_MS ? duration(ms) : plural(Math.round(ms / DAY_MS), 'day');
}

/** @param skew milliseconds that the source's clock is ahead of this machine's; null if the source reports no time */
export function judgeSkew(skew: number | null): Judgement[] {
  if (skew === null || Math.abs(skew) <= MUCH_MS) return [];
  const direction = skew > 0 ? 'behind' : 'before';
  return [
    warning(`The clock is ${longDuration(Math.abs(skew))} ${direction} that of the source.`, asRoot(SET)),
  ];
}

/** The Date header of an HTTP source, in milliseconds since 1970; null for other sources and without a response. */
async function dateOf(source: string): Promise<number | null> {
  const url = URL.canParse(source) ? new URL(source) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  // host and port only: credentials in the URL are for git
  const request = { to: { url: new URL(url.origin) }, method: 'HEAD', timeoutMs: ASK_MS };
  const response = await sendHttp(request, 0).catch(() => null);
  return momentIn(response?.headers.date);
}

function momentIn(date: string | undefined): number | null {
  const at = Date.parse(date ?? '');
  return Number.isNaN(at) ? null : at;
}

function attempt<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
