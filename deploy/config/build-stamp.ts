/**
 * Identifies the build of the kit and the Node binary that runs it, so that an outdated deployer is detected and
 * replaced.
 */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** Read once, because a newer build may replace the file while this process runs. */
const MARK = markHere();

/**
 * The Node binary and the build's mark, which scripts/lib/build.js writes next to its output. The mark is empty for a
 * manual build.
 */
export function buildStamp(): string {
  return `${buildMark() ?? ''} ${programHere()}`;
}

/** The kernel appends `(deleted)` to a Node binary that has been removed or replaced; it cannot be started again. */
function programHere(): string {
  try {
    return readlinkSync('/proc/self/exe');
  } catch {
    return process.execPath;
  }
}

/** The mark alone; null for a manual build. */
export function buildMark(): string | null {
  return MARK;
}

function markHere(): string | null {
  const file = path.join(__dirname, '..', '.stamp');
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
