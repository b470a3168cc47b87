/** The end of a release: its pack and its folder. */
import type { Commit } from '../core/release';
import type { Packing } from '../core/interfaces';
import type { Home } from '../home/home';
import { removeRelease } from './releases';

/** Takes a release off the machine: the image, where it has one, then the folder. It must not run. Throws E_ENGINE. */
export async function discardRelease(
  { home, packing }: { home: Home; packing: Packing },
  commit: Commit,
): Promise<void> {
  // as long as the folder stands the release is known, and this can be tried again
  await packing.remove(commit);
  await removeRelease(home, commit);
}
