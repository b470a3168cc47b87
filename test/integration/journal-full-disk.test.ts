/** The journal on a disk without a free byte: a rollback must be recorded, or it does not happen. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { homeAt, type Home } from '../../deploy/home/home';
import { Journal } from '../../deploy/journal/journal';
import { createReserve, releaseReserve } from '../../deploy/home/disk-reserve';
import { needs } from '../support/needs';
import { fill, mountSmallDisk, smallDiskPossible, type SmallDisk } from '../support/small-disk';

const ROLLBACK = { kind: 'rollback', trigger: 'command', strategy: 'blue-green' } as const;

needs('a small disk', smallDiskPossible).describe('on a full disk', () => {
  let disk: SmallDisk;
  beforeAll(() => void (disk = mountSmallDisk('8m')));
  afterAll(() => disk.unmount());

  it('a rollback is recorded with the reserve, and fails with E_DISK once the reserve is used up', async () => {
    const home = homeOn(disk.dir);
    const [here, other] = [Journal.open(home), Journal.open(home)];
    await here.prepare();
    createReserve(home);
    const before = await here.request(ROLLBACK);
    fill(path.join(home.dir, 'ballast'));

    const requested = await here.request(ROLLBACK);
    await other.move(requested.id, 'running', { pid: 7 });
    for (let count = 0; count < 50; count++)
      await here.record(requested.id, { type: 'warning', message: 'x'.repeat(500) });
    await here.move(requested.id, 'succeeded');

    expect(here.get(requested.id)).toMatchObject({ state: 'succeeded', pid: 7 });
    expect(other.since(0, requested.id)).toHaveLength(53);
    expect(other.history().map(({ id }) => id)).toEqual([requested.id, before.id]);

    releaseReserve(home);
    fill(path.join(home.dir, 'ballast'));
    const tooMuch = { type: 'warning', message: 'x'.repeat(4_000_000) } as const;
    await expect(here.record(requested.id, tooMuch)).rejects.toMatchObject({ code: 'E_DISK' });
    here.close();
    other.close();
  });
});

function homeOn(dir: string): Home {
  const home = homeAt(path.join(dir, 'home'));
  mkdirSync(home.dir, { recursive: true });
  return home;
}
