/** The clause for a commit that would remove commits of the live release. */
import { plural } from './format';

/** `does not contain what is live (2 commits)`. */
export function lacksLive(commits: number): string {
  return `does not contain what is live (${plural(commits, 'commit')})`;
}
