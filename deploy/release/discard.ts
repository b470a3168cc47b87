/** Removes a release: its image and its folder. */
import type { Commit } from '../core/release';
import type { Packing } from '../core/interfaces';
import type { Home } from '../home/home';
import { removeRelease } from './releases';

/** Removes the release's image, if it has one, then its folder. The release must not be running. Throws E_ENGINE. */
export async function discardRelease(
  { home, packing }: { home: Home; packing: Packing },
  commit: Commit,
): Promise<void> {
  // the folder goes last: while it exists the release is known, and a failed removal can be retried
  await packing.remove(commit);
  await removeRelease(home, commit);
}
