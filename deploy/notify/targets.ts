/** Lists the receivers: those in the configuration, and the NOTIFY_URL given to `npm start`. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { Config } from '../config/load';
import { NOTICES } from '../config/schema';
import { KnownError } from '../core/errors';
import type { NoticeName } from '../core/notices';
import type { Home } from '../home/home';
import { writeAtomically } from '../os/atomic-write';

export interface Target {
  url: string;
  on: readonly NoticeName[];
}

/** Throws E_NOTIFY for an invalid URL, without showing it. */
export function checkNotifyUrl(given: string | undefined): void {
  if (!given?.trim()) return;
  if (URL.canParse(given.trim()) && /^https?:$/.test(new URL(given.trim()).protocol)) return;
  throw new KnownError('E_NOTIFY', 'NOTIFY_URL is not an http or https address.');
}

/**
 * Saves the NOTIFY_URL in a file that only its owner can read. Undefined keeps the saved URL; an empty string
 * removes it. Throws E_NOTIFY.
 */
export function saveNotifyUrl(home: Pick<Home, 'notifyUrl'>, given: string | undefined): void {
  checkNotifyUrl(given);
  if (given === undefined) return;
  if (given.trim() === '') return rmSync(home.notifyUrl, { force: true });
  writeAtomically(home.notifyUrl, `${given.trim()}\n`);
}

export function targetsOf(home: Pick<Home, 'notifyUrl'>, { notify }: Pick<Config, 'notify'>): Target[] {
  if (!existsSync(home.notifyUrl)) return notify;
  return [...notify, { url: readFileSync(home.notifyUrl, 'utf8').trim(), on: NOTICES }];
}
