/** A shift on a disk without a free byte: a full disk must not prevent a rollback. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { homeAt } from '../../deploy/home/home';
import { linkedTable, linkTable, prepareTables } from '../../deploy/traffic/table-folder';
import { needs } from '../support/needs';
import { fill, mountSmallDisk, smallDiskPossible, type SmallDisk } from '../support/small-disk';

needs('a small disk', smallDiskPossible).describe('on a disk without a free byte', () => {
  let disk: SmallDisk;
  beforeAll(() => void (disk = mountSmallDisk('64k')));
  afterAll(() => disk.unmount());

  it('a shift changes the traffic table', () => {
    const home = homeAt(path.join(disk.dir, 'home'));
    mkdirSync(home.dir);
    prepareTables(home, ['blue', 'green']);
    fill(path.join(disk.dir, 'ballast'));
    expect(() => writeFileSync(path.join(disk.dir, 'one-byte'), 'x')).toThrow('ENOSPC');
    for (const active of ['blue', 'green', 'blue']) {
      linkTable(home, { active, standby: null });
      expect(linkedTable(home)).toEqual({ active, standby: null });
    }
  });
});
