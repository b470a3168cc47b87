/** Which build of the kit this is and what runs it, so that a deployer of an older one is seen and replaced. */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** Read once: a long process may be of an older build than what lies there by now. */
const MARK = markHere();

/** The mark that scripts/lib/build.js leaves beside what it compiled, and what runs it; the mark is empty for a build by hand. */
export function buildStamp(): string {
  return `${buildMark() ?? ''} ${programHere()}`;
}

/** The kernel adds `(deleted)` for a Node that was removed or replaced since: that one cannot be started again. */
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
