/** Lists a folder that may not exist or may not be readable. */
import { readdirSync } from 'node:fs';

/** The names in a folder; empty if there is none. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The names in a folder; empty if it cannot be listed. */
export function readableNamesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
