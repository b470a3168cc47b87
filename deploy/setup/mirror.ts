/** npm start makes a damaged mirror.git again before a deployment needs it: doctor's advice. */
import { existsSync } from 'node:fs';
import type { Config } from '../config/load';
import { asKnown } from '../core/errors';
import { damageOf } from '../git/damage';
import { replaceMirror, sourceOf } from '../git/mirror';
import type { Home } from '../home/home';
import { tryLock } from '../journal/deployment-lock';
import { say } from './say';

/** A larger repository is not checked to its end; the doctor does not either. */
const CHECK_MS = 5000;

/** Nothing here keeps npm start from its work. */
export async function repairMirror(home: Home, { source }: Config): Promise<void> {
  if (!existsSync(home.mirrorGit)) return;
  const damage = await damageOf(home.mirrorGit, CHECK_MS);
  if (damage === null) return;
  // a deployment at work repairs what it needs itself
  const lock = tryLock(home);
  if (lock === null) return;
  try {
    await replaceMirror(home, sourceOf(home, source), damage, (message) => say(`! ${message}`));
  } catch (error) {
    say(`! mirror.git is damaged (${damage}), and is not made again yet: ${asKnown(error).message}`);
  } finally {
    lock.release();
  }
}
