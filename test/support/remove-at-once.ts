/** Removes a folder while processes run that may recreate it. */
import { renameSync, rmSync } from 'node:fs';

/** One rename makes it disappear. A file that is created at its path afterwards is not touched. */
export function removeAtOnce(folder: string): void {
  const aside = `${folder}.removed`;
  renameSync(folder, aside);
  rmSync(aside, { recursive: true });
}
