/**
 * The home is named after the clone's path, so a clone that was renamed would begin with a new and empty one, and
 * what its app has stored would seem lost.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';
import { liveUrl } from '../git/live-remote';
import { hookValue } from '../git/push-repository';
import type { Home } from '../home';

/** Throws E_HOME where this clone's pushes go to the home of a clone that is not there any more. */
export async function checkMoved(home: Home, root: string): Promise<void> {
  if (existsSync(home.settings)) return;
  const url = await liveUrl(root);
  const before = url === null ? null : homeBehind(url);
  if (before === null) return;
  throw new KnownError(
    'E_HOME',
    `This clone was moved: what it has kept so far is in ${before}.`,
    `Go on with it: SWITCHYARD_HOME='${before}' npm start`,
  );
}

/** The home of a push.git whose hooks lead to nowhere. */
function homeBehind(pushGit: string): string | null {
  const dir = path.dirname(pushGit);
  const hook = path.join(pushGit, 'hooks', 'pre-receive');
  if (!existsSync(path.join(dir, 'settings.json')) || !existsSync(hook)) return null;
  const root = hookValue(readFileSync(hook, 'utf8'), 'SWITCHYARD_ROOT');
  return root === null || existsSync(root) ? null : dir;
}
