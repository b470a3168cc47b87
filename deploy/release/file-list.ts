/** The list of a release's files, kept beside it as `<folder>.files`, by which damage is recognised later. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { FileFacts, FileList } from '../core/release-damage';
import { damagedFiles } from '../core/release-damage';
import { writeAtomically } from '../os/atomic-write';

const run = promisify(execFile);

/** A line for each of 200,000 files stays below it. Bytes. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Stands at the end: a list that was cut off is none. */
const END = 'end\n';

/** Where the list of a release's folder stands. */
export function inventoryFile(folder: string): string {
  return `${folder}.files`;
}

/** Notes which files a release has, as soon as it is built. */
export async function writeInventory(folder: string): Promise<void> {
  writeAtomically(inventoryFile(folder), `${await listing(folder)}${END}`, { mode: 0o644 });
}

/** One clause that says what of a release is damaged, or null. Null too for a release without a list. */
export async function damageIn(folder: string): Promise<string | null> {
  const built = read(inventoryFile(folder));
  return built === null ? null : damagedFiles(parse(built), parse(await listing(folder)));
}

export function hasInventory(folder: string): boolean {
  return read(inventoryFile(folder)) !== null;
}

/** `find` works in a process of its own: 16,000 files would block this one for a tenth of a second. */
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
