/** Formats figures and names the same way everywhere. */
import type { Deployment } from './deployment';
import type { Commit } from './release';
import { terminalText } from './terminal-text';
import type { Serving } from './slot';

/** `2.4 s` from one second on, `240 ms` below it, `1 min 5 s` from a minute on. */
export function duration(ms: number): string {
  // round before comparing: 59.96 s is one minute, not "60.0 s"
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1000) return `${whole} ms`;
  const tenths = Math.round(whole / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(whole / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/**
 * Milliseconds from the request, or from the promotion of a held release, until the release was live; null if it never
 * was.
 */
export function liveMs({
  createdAt,
  promotedAt,
  liveAt,
}: Pick<Deployment, 'createdAt' | 'promotedAt' | 'liveAt'>): number | null {
  // the clock may have been set back in between
  return liveAt === null ? null : Math.max(0, liveAt - (promotedAt ?? createdAt));
}

/** `2026-11-22 14:20:02` in this machine's time zone. @param at milliseconds since 1970 */
export function moment(at: number): string {
  // Swedish writes dates as ISO 8601 does
  return new Date(at).toLocaleString('sv-SE');
}

/** The short commit id: seven digits. */
export function short(commit: Commit): string {
  return commit.slice(0, 7);
}

/** `v1.2.0 (a1b2c3d)`. */
export function named(release: Pick<Serving, 'version' | 'commit'>): string {
  return `v${release.version} (${short(release.commit)})`;
}

/** `1 changed file`, `3 changed files`. */
export function plural(many: number, noun: string): string {
  return `${count(many)} ${noun}${many === 1 ? '' : 's'}`;
}

/** `4,100`. */
export function count(number: number): string {
  return number.toLocaleString('en');
}

/** `2 %`, `0.45 %`, `12.3 %`. @param share 0 to 1 */
export function percent(share: number): string {
  const hundredths = share * 100;
  return `${hundredths.toLocaleString('en', { maximumFractionDigits: hundredths < 1 ? 2 : 1 })} %`;
}

/** Untrusted text (from a commit or an app) on one line, without control characters that affect a terminal. */
export function printable(text: string): string {
  return terminalText(text.replace(/[\r\n\t\v\f\p{Zl}\p{Zp}]+/gu, ' ')).trim();
}
