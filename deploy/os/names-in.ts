/** Lists a folder that may not exist yet. */
import { existsSync, readdirSync } from 'node:fs';

/** The names in a folder; empty if there is none. */
export function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
