/** A release that crashes again and again after it went live: when that is too often, and what takes its place. Pure. */
import { badCause, earlierGoodReleases } from './rollback-target';
import type { Deployment } from './deployment';
import type { Commit } from './release';

/** `crashes` of the configuration. */
export interface CrashRule {
  limit: number;
  withinSeconds: number;
}

/** The crashes that still count. @param crashes milliseconds since 1970 */
export function recentCrashes(crashes: number[], rule: CrashRule | null, now: number): number[] {
  if (rule === null) return [];
  return crashes.filter((at) => now - at <= rule.withinSeconds * 1000);
}

export function crashedTooOften(crashes: number[], rule: CrashRule | null, now: number): boolean {
  return rule !== null && recentCrashes(crashes, rule, now).length >= rule.limit;
}

/**
 * The release to roll back to: the standby's, which runs already, then earlier good ones. One to which the watch has
 * rolled back in vain since the live one went live is not tried again. Null for none.
 * @param history every deployment, in any order
 * @param standby what runs behind the live release, if anything does
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
