/** The log file of a slot, whichever runtime runs it. */
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { short } from '../core/format';
import type { Release } from '../core/release';
import type { Slot, SlotName } from '../core/slot';
import type { Home } from '../home/home';

export function slotLog(home: Pick<Home, 'logs'>, slot: SlotName): string {
  return path.join(home.logs, `app-${slot}.log`);
}

/** Writes a line that marks the start of a release, because one log holds all releases of a slot. */
export function markStart(home: Pick<Home, 'logs'>, slot: Slot, release: Pick<Release, 'commit'>): void {
  const line = `--- ${new Date().toISOString()} ${short(release.commit)} starts on port ${slot.port}\n`;
  try {
    mkdirSync(home.logs, { recursive: true });
    appendFileSync(slotLog(home, slot.name), line, { mode: 0o600 });
  } catch {
    // a full disk must not prevent a slot from starting
  }
}
