/** Rebuilds a damaged mirror.git at `npm start`, which is the fix that doctor prints. */
import { existsSync } from 'node:fs';
import type { Config } from '../config/load';
import { asKnown } from '../core/errors';
import { damageOf } from '../git/damage';
import { replaceMirror, sourceOf } from '../git/mirror';
import type { Home } from '../home/home';
import { tryLock } from '../journal/deployment-lock';
import { printLine } from './say';

/** Time limit of the check, as in doctor. A very large repository is not checked completely. */
const CHECK_MS = 5000;

/** Never fails, because a damaged mirror must not prevent a start. */
export async function repairMirror(home: Home, { source }: Config): Promise<void> {
  if (!existsSync(home.mirrorGit)) return;
  const damage = await damageOf(home.mirrorGit, CHECK_MS);
  if (damage === null) return;
  // a running deployment repairs the mirror itself
  const lock = tryLock(home);
  if (lock === null) return;
  try {
    await replaceMirror(home, sourceOf(home, source), damage, (message) => printLine(`! ${message}`));
  } catch (error) {
    printLine(
      `! mirror.git is damaged (${damage}) and could not be recreated yet: ${asKnown(error).message}`,
    );
  } finally {
    lock.release();
  }
}
