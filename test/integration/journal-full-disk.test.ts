/** The journal on a disk without a free byte: a rollback has to stand in it, or it does not happen. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { homeAt, type Home } from '../../deploy/home/home';
import { Journal } from '../../deploy/journal/journal';
import { keepReserve, useReserve } from '../../deploy/home/disk-reserve';
import { needs } from '../support/needs';
import { fill, mountSmallDisk, smallDiskPossible, type SmallDisk } from '../support/small-disk';

const ROLLBACK = { kind: 'rollback', trigger: 'command', strategy: 'blue-green' } as const;

needs('a small disk', smallDiskPossible).describe('on a full disk', () => {
  let disk: SmallDisk;
  beforeAll(() => void (disk = mountSmallDisk('8m')));
  afterAll(() => disk.unmount());

  it('a rollback is written from the reserve, and told as what it is where that is used up', async () => {
    const home = homeOn(disk.dir);
    const [here, other] = [Journal.open(home), Journal.open(home)];
    await here.prepare();
    keepReserve(home);
    const before = await here.request(ROLLBACK);
    fill(path.join(home.dir, 'ballast'));

    const asked = await here.request(ROLLBACK);
    await other.move(asked.id, 'running', { pid: 7 });
    for (let told = 0; told < 50; told++)
      await here.tell(asked.id, { type: 'warning', message: 'x'.repeat(500) });
    await here.move(asked.id, 'succeeded');

    expect(here.get(asked.id)).toMatchObject({ state: 'succeeded', pid: 7 });
    expect(other.since(0, asked.id)).toHaveLength(53);
    expect(other.history().map(({ id }) => id)).toEqual([asked.id, before.id]);

    useReserve(home);
    fill(path.join(home.dir, 'ballast'));
    const tooMuch = { type: 'warning', message: 'x'.repeat(4_000_000) } as const;
    await expect(here.tell(asked.id, tooMuch)).rejects.toMatchObject({ code: 'E_DISK' });
    here.close();
    other.close();
  });
});

function homeOn(dir: string): Home {
  const home = homeAt(path.join(dir, 'home'));
  mkdirSync(home.dir, { recursive: true });
  return home;
}
