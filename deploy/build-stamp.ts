/** Which build of the kit this is and what runs it, so that a deployer of an older one is seen and replaced. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The mark that scripts/lib/build.js leaves beside what it compiled; empty for a build by hand. */
export function buildStamp(): string {
  const file = path.join(__dirname, '.stamp');
  const built = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return `${built} ${process.execPath}`;
}
