/**
 * Preview tokens: nginx sends a request that carries a token to a slot without public traffic, as long as the empty
 * file `<token>.<slot>` exists.
 */
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { KnownError } from '../core/errors';
import type { SlotName } from '../core/slot';
import type { Home } from '../home/home';

type Place = Pick<Home, 'preview'>;

/** nginx workers look up names that they know; other users of the machine cannot list them. */
const ENTERABLE = 0o711;
const FILE = /^([0-9a-f]{32})\.([a-z0-9-]+)$/;

/** Opens the slot to testers. An existing token for the slot stays valid. Throws E_DISK, E_HOME. */
export function openPreview(home: Place, slot: SlotName): void {
  if (tokenFor(home, slot) !== null) return;
  try {
    makePreviewFolder(home);
    writeFileSync(path.join(home.preview, `${randomBytes(16).toString('hex')}.${slot}`), '', { mode: 0o644 });
  } catch (error) {
    // the system's own message would contain the token
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw new KnownError('E_DISK', 'The disk is full.');
    throw new KnownError('E_HOME', `The folder ${home.preview} cannot be written (${code}).`);
  }
}

/** Revokes all tokens. */
export function closePreview(home: Place): void {
  for (const name of namesIn(home)) rmSync(path.join(home.preview, name), { force: true });
}

/** The token for the slot, or null if the slot has no preview. The token is a secret. */
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
    return []; // the folder does not exist yet
  }
}
