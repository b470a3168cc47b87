/** Keeps a list of each release's files beside it, as `<folder>.files`, to detect damage later. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { FileFacts, FileList } from '../core/release-damage';
import { damagedFiles } from '../core/release-damage';
import { writeAtomically } from '../os/atomic-write';

const run = promisify(execFile);

/** Enough for one line for each of 200,000 files. Bytes. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Marks the end of the list: a truncated list does not count. */
const END = 'end\n';

/** The path of the list for a release's folder. */
export function inventoryFile(folder: string): string {
  return `${folder}.files`;
}

/** Records a release's files once it is built. */
export async function writeInventory(folder: string): Promise<void> {
  writeAtomically(inventoryFile(folder), `${await listing(folder)}${END}`, { mode: 0o644 });
}

/** Names the damage to a release in one clause; null if there is none, or no list. */
export async function damageIn(folder: string): Promise<string | null> {
  const built = read(inventoryFile(folder));
  return built === null ? null : damagedFiles(parse(built), parse(await listing(folder)));
}

export function hasInventory(folder: string): boolean {
  return read(inventoryFile(folder)) !== null;
}

/** `find` runs in its own process, because 16,000 files would block this one for about 100 ms. */
async function listing(folder: string): Promise<string> {
  const files = ['-type', 'f', '-printf', '%s %T@ %P\\n'];
  const links = ['-type', 'l', '-printf', 'l 0 %P\\n'];
  const { stdout } = await run('find', [folder, ...files, '-o', ...links], {
    encoding: 'latin1',
    maxBuffer: MOST_BYTES,
  });
  return stdout;
}

function read(file: string): string | null {
  try {
    const text = readFileSync(file, 'latin1');
    return text.endsWith(END) ? text.slice(0, -END.length) : null;
  } catch {
    return null;
  }
}

function parse(text: string): FileList {
  const entries = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): [string, FileFacts | null] => {
      const [size = '', changedAt = '', ...name] = line.split(' ');
      return [name.join(' '), size === 'l' ? null : { size: Number(size), changedAt: Number(changedAt) }];
    });
  return new Map(entries);
}
