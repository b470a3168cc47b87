/** Removes a folder while running processes may recreate it. */
import { renameSync, rmSync } from 'node:fs';

/** One rename makes the folder disappear. Files created at its path afterwards are not touched. */
export function removeAtOnce(folder: string): void {
  const aside = `${folder}.removed`;
  renameSync(folder, aside);
  rmSync(aside, { recursive: true });
}
