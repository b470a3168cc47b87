/** Reads a file that a commit may lack, or have as something else. */
import { readFileSync, statSync } from 'node:fs';

const NO_FILE: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ELOOP'];

/** The text of a file; null if there is none: a folder, a device or a broken link is none. */
export function textOf(file: string): string | null {
  try {
    return statSync(file).isFile() ? readFileSync(file, 'utf8') : null;
  } catch (error) {
    if (NO_FILE.includes((error as NodeJS.ErrnoException).code)) return null;
    throw error;
  }
}
