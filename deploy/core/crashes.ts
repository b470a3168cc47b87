/** Decides whether a live release has crashed too often, and which release replaces it. Pure. */
import { badCause, earlierGoodReleases } from './rollback-target';
import type { Deployment } from './deployment';
import type { Commit } from './release';

/** `crashes` of the configuration. */
export interface CrashRule {
  limit: number;
  withinSeconds: number;
}

/** The crashes inside the window. @param crashes milliseconds since 1970 */
export function recentCrashes(crashes: number[], rule: CrashRule | null, now: number): number[] {
  if (rule === null) return [];
  return crashes.filter((at) => now - at <= rule.withinSeconds * 1000);
}

export function crashedTooOften(crashes: number[], rule: CrashRule | null, now: number): boolean {
  return rule !== null && recentCrashes(crashes, rule, now).length >= rule.limit;
}

/**
 * The release to roll back to: first the standby's, which is already running, then earlier good ones; null if there is
 * none. Skips a release if the watch has failed to roll back to it since the live one went live.
 * @param history every deployment, in any order
 * @param standby the release that runs behind the live one, if any
 */
export function releaseInstead(
  history: Deployment[],
  live: Deployment,
  standby: Commit | null,
): Commit | null {
  const { commit } = live;
  if (commit === null) return null;
  const inVain = history
    .filter(
      ({ id, trigger, kind, state }) =>
        id > live.id && trigger === 'watch' && kind === 'rollback' && state !== 'succeeded',
    )
    .map((each) => each.commit);
  const warm = standby !== null && standby !== commit && badCause(history, standby) === null ? [standby] : [];
  return [...warm, ...earlierGoodReleases(history, commit)].find((each) => !inVain.includes(each)) ?? null;
}
