/** Where a commit's release answers for its health. */
import type { Commit } from '../core/release';
import type { DeployContext } from '../context';
import { findRelease } from '../release/releases';

/** The path its own configuration names; the clone's, for a release that is not in the home any more. */
export function builtHealthPath(context: Pick<DeployContext, 'home' | 'config'>, commit: Commit): string {
  return (findRelease(context.home, commit)?.app ?? context.config.app).health;
}
