/** Stores each receiver's position in the journal across restarts, so that no event is lost or sent twice. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Home } from '../home/home';
import { writeAtomically } from '../os/atomic-write';

export interface Positions {
  /**
   * The last event that this receiver has handled.
   * @param first the position for an unknown receiver
   */
  of(url: string, first: number): number;
  /** Saves the position immediately. */
  move(url: string, event: number): void;
}

export function openPositions(home: Pick<Home, 'notified'>): Positions {
  const known = read(home.notified);
  const move = (url: string, event: number): void => {
    known[keyOf(url)] = event;
    write(home.notified, known);
  };
  return {
    of(url, first) {
      const position = known[keyOf(url)];
      if (position !== undefined) return position;
      move(url, first);
      return first;
    },
    move,
  };
}

/** A hash, because the URL is a secret that must not be in this file. */
function keyOf(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 16);
}

function read(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

function write(file: string, known: Record<string, number>): void {
  try {
    writeAtomically(file, JSON.stringify(known));
  } catch (error) {
    // if the disk is full, a receiver may get a notice twice after a restart
    console.error('notify:', (error as NodeJS.ErrnoException).code);
  }
}
