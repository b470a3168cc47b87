/** The file that keeps what a slot has written, whatever runs it. */
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { short } from '../core/format';
import type { Release } from '../core/release';
import type { Slot, SlotName } from '../core/slot';
import type { Home } from '../home/home';

export function slotLog(home: Pick<Home, 'logs'>, slot: SlotName): string {
  return path.join(home.logs, `app-${slot}.log`);
}

/** One log holds all releases of a slot: a line tells where each begins. */
export function markStart(home: Pick<Home, 'logs'>, slot: Slot, release: Pick<Release, 'commit'>): void {
  const line = `--- ${new Date().toISOString()} ${short(release.commit)} starts on port ${slot.port}\n`;
  try {
    mkdirSync(home.logs, { recursive: true });
    appendFileSync(slotLog(home, slot.name), line, { mode: 0o600 });
  } catch {
    // a disk that takes no line keeps no slot from starting
  }
}
