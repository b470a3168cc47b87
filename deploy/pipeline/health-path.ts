/** Where a commit's release answers for its health. */
import type { Commit } from '../core/types';
import type { Yard } from '../yard';
import { findRelease } from './releases';

/** The path its own configuration names; the clone's, for a release that is not in the home any more. */
export function builtHealthPath(yard: Pick<Yard, 'home' | 'config'>, commit: Commit): string {
  return (findRelease(yard.home, commit)?.app ?? yard.config.app).health;
}
