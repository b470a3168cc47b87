/**
 * Identifies the build of the kit and the Node that runs it, so that a deployer of an older build is detected and
 * replaced.
 */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** Read once, because a newer build may replace the file while this process runs. */
const MARK = markHere();

/**
 * The mark of the build, which scripts/lib/build.js writes next to its output, and the Node binary. The mark is empty
 * for a build by hand.
 */
export function buildStamp(): string {
  return `${buildMark() ?? ''} ${programHere()}`;
}

/** For a Node that was removed or replaced, the kernel appends `(deleted)`; it cannot be started again. */
function programHere(): string {
  try {
    return readlinkSync('/proc/self/exe');
  } catch {
    return process.execPath;
  }
}

/** The mark alone; null for a build by hand. */
export function buildMark(): string | null {
  return MARK;
}

function markHere(): string | null {
  const file = path.join(__dirname, '..', '.stamp');
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
