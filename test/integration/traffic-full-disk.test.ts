/** A shift on a disk without a free byte: a full disk must not keep anyone from rolling back. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { homeAt } from '../../deploy/home';
import { linkedTable, linkTable, prepareTables } from '../../deploy/traffic/table-folder';
import { needs } from '../support/needs';
import { fill, mountSmallDisk } from '../support/small-disk';

// only root may mount, and not in every container
const disk = mountSmallDisk('64k');
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
