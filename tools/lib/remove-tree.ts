/** Removes a folder with several node_modules (a hundred thousand files) with several processes in parallel. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from '../../scripts/lib/run';

/** More processes are not faster. */
const PROCESSES = 4;
/** The depth of home/releases/<commit>/node_modules. */
const DEPTH = 4;

export async function removeTree(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const parts = partsOf(folder);
  const shares = Array.from({ length: PROCESSES }, (_, share) =>
    parts.filter((__, index) => index % PROCESSES === share),
  );
  await Promise.all(shares.map(remove));
  await remove([folder]);
}

/** In its own session, so that a second Ctrl-C does not stop the cleanup. */
async function remove(folders: string[]): Promise<void> {
  await run('rm', ['-rf', '--', ...folders], { whole: true });
}

/** Folders of about the same size: each package, and everything beside node_modules. */
function partsOf(folder: string, depth = DEPTH): string[] {
  if (path.basename(folder) === 'node_modules') return foldersIn(folder);
  return depth === 0 ? [folder] : foldersIn(folder).flatMap((inner) => partsOf(inner, depth - 1));
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(folder, entry.name));
}
