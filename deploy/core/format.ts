/** How figures and names are written, everywhere the same. */
import type { Commit, Serving } from './types';

/** `2.4 s` from one second on, `240 ms` below it, `1 min 5 s` from a minute on. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** The commit as people write it: seven digits. */
export function short(commit: Commit): string {
  return commit.slice(0, 7);
}

/** `v1.2.0 (a1b2c3d)`. */
export function named(release: Pick<Serving, 'version' | 'commit'>): string {
  return `v${release.version} (${short(release.commit)})`;
}

/** `1 changed file`, `3 changed files`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
