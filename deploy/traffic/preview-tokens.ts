/**
 * Who may try a slot that users do not get: nginx sends a request that carries the token to the slot for as long as
 * there is an empty file `<token>.<slot>`. Testers of any slot can be let in that way.
 */
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { KnownError } from '../core/errors';
import type { SlotName } from '../core/slot';
import type { Home } from '../home/home';

type Place = Pick<Home, 'preview'>;

/** nginx's worker looks for names that it knows; no other user of the machine can list them. */
const ENTERABLE = 0o711;
const FILE = /^([0-9a-f]{32})\.([a-z0-9-]+)$/;

/** Lets testers into the slot. A token that is good for it already stays. Throws E_DISK, E_HOME. */
export function openPreview(home: Place, slot: SlotName): void {
  if (tokenFor(home, slot) !== null) return;
  try {
    makePreviewFolder(home);
    writeFileSync(path.join(home.preview, `${randomBytes(16).toString('hex')}.${slot}`), '');
  } catch (error) {
    // the system's own message would name the token
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw new KnownError('E_DISK', 'The disk is full.');
    throw new KnownError('E_HOME', `The folder ${home.preview} cannot be written (${code}).`);
  }
}

/** No token is good for anything any more, at once. */
export function closePreview(home: Place): void {
  for (const name of namesIn(home)) rmSync(path.join(home.preview, name), { force: true });
}

/** The token that leads to the slot, or null when nobody is to try it. It is a secret. */
export function tokenFor(home: Place, slot: SlotName): string | null {
  const names = namesIn(home).map((name) => FILE.exec(name));
  return names.find((match) => match?.[2] === slot)?.[1] ?? null;
}

export function makePreviewFolder(home: Place): void {
  mkdirSync(home.preview, { recursive: true });
  chmodSync(home.preview, ENTERABLE);
}

function namesIn({ preview }: Place): string[] {
  try {
    return readdirSync(preview);
  } catch {
    return []; // it was never made
  }
}
