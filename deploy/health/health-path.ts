/** Determines the health path of a commit's release. */
import type { Commit } from '../core/release';
import type { DeployContext } from '../context';
import { findRelease } from '../release/releases';

/** The path from the release's own configuration, or from the clone's if the release is no longer in the home. */
export function builtHealthPath(context: Pick<DeployContext, 'home' | 'config'>, commit: Commit): string {
  return (findRelease(context.home, commit)?.app ?? context.config.app).health;
}
