/** A shift on a disk without a free byte: a full disk must not keep anyone from rolling back. */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { homeAt } from '../../deploy/home';
import { linkedTable, linkTable, prepareTables } from '../../deploy/traffic/table-folder';
import { needs } from '../support/needs';

// only root may mount, and not in every container
const disk = mountSmallDisk();
afterAll(() => disk?.unmount());

needs('a small disk', () => (disk ? null : 'this user may not mount one')).test(
  'the table changes on a full disk',
  () => {
    const dir = disk?.dir ?? '';
    const home = homeAt(path.join(dir, 'home'));
    mkdirSync(home.dir);
    prepareTables(home, ['blue', 'green']);
    fill(path.join(dir, 'ballast'));
    expect(() => writeFileSync(path.join(dir, 'one-byte'), 'x')).toThrow('ENOSPC');
    for (const active of ['blue', 'green', 'blue']) {
      linkTable(home, { active, standby: null });
      expect(linkedTable(home)).toEqual({ active, standby: null });
    }
  },
);

function mountSmallDisk(): { dir: string; unmount(): void } | null {
  const dir = mkdtempSync(path.join(tmpdir(), 'switchyard-full-'));
  if (spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir]).status !== 0) {
    rmdirSync(dir);
    return null;
  }
  return {
    dir,
    unmount() {
      execFileSync('/bin/umount', [dir]);
      rmdirSync(dir);
    },
  };
}

function fill(file: string): void {
  const block = Buffer.alloc(4096);
  try {
    for (;;) appendFileSync(file, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
