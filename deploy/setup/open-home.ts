/** Can the user of a home use all of it? Checked before anything starts, and by doctor. */
import path from 'node:path';
import type { Home } from '../home/home';
import { mustBeUsable } from '../os/closed-files';

/** Throws E_HOME. The app owns its data, and npm start repairs push.git. */
export function mustHaveOpenHome({ dir, shared, pushGit }: Pick<Home, 'dir' | 'shared' | 'pushGit'>): void {
  mustBeUsable(
    dir,
    [shared, pushGit].map((file) => path.basename(file)),
  );
}
