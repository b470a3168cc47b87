/** Checks that this user can access every file of the home, before a start and in doctor. */
import path from 'node:path';
import type { Home } from '../home/home';
import { mustBeUsable } from '../os/folder-access';

/** Throws E_HOME. Skips `shared`, which the app's user owns, and push.git, which `npm start` repairs. */
export function mustHaveOpenHome({ dir, shared, pushGit }: Pick<Home, 'dir' | 'shared' | 'pushGit'>): void {
  mustBeUsable(
    dir,
    [shared, pushGit].map((file) => path.basename(file)),
  );
}
