/** Checks mirror.git, from which releases are built. It is a cache that repairs itself, so damage is only a warning. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { damageOf } from '../git/damage';
import type { Judgement } from './finding';
import { ok, warning } from './finding';
import type { DoctorContext } from './context';
import { ASK_MS } from './timeouts';

const TOO_LARGE = Symbol('too large to be read in time');

export async function checkMirror(context: DoctorContext): Promise<Judgement[]> {
  const { mirrorGit } = context.home();
  if (!existsSync(mirrorGit)) return [ok('not created yet')];
  const late = sleep(ASK_MS, TOO_LARGE, { ref: false });
  const damage = await Promise.race([damageOf(mirrorGit), late]);
  if (damage === TOO_LARGE) return [ok('only partly checked: it is large')];
  if (damage === null) return [ok('whole')];
  const message = `mirror.git is damaged (${String(damage)}). The next deployment that needs it recreates it.`;
  return [warning(message, 'npm start')];
}
