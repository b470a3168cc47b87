/**
 * Detects a home that was started from another folder: its clone was moved, or another clone took that clone's place.
 */
import { deployerInfo } from '../client/control-client';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { rootOfHome } from '../home/home';
import { printLine } from './say';

/**
 * Reports that this clone takes over the home of a clone in another folder. Throws E_HOME when the running deployer
 * belongs to a clone that was moved away from here.
 */
export async function checkMoved(home: Home, root: string): Promise<void> {
  const clone = (await deployerInfo(home))?.clone;
  if (clone && clone.root === root && clone.now !== null && clone.now !== root) {
    throw new KnownError(
      'E_HOME',
      `The home ${home.dir} belongs to the clone that was here before, and is now ${clone.now}.`,
      `Give this clone its own home: SWITCHYARD_HOME='${home.dir}-2' npm start`,
    );
  }
  const before = rootOfHome(home);
  if (before !== null && before !== root)
    printLine(`- the clone was in ${before}: this one takes over its home ${home.dir}`);
}
