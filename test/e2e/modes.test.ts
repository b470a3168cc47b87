/** Who may use what in a home: the table of modes, over a real home that a careless umask made. */
import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { MODES } from '../../deploy/home/modes';
import { expectDone, expectLive } from '../support/expect-live';
import { forEachRuntime } from '../support/runtimes';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

forEachRuntime((runtime) => {
  let clone: TinyClone;
  beforeAll(async () => {
    clone = await tinyClone({ bake: { seconds: 0 }, runtime });
    expectDone(await clone.shell('umask 000 && node scripts/start.js'));
  });
  afterAll(() => clone.cleanUp());

  const modeOf = (file: string): number => lstatSync(path.join(clone.home.dir, file)).mode & 0o777;
  /** What SQLite writes beside a database, and the link that nginx follows. */
  const isListed = (name: string): boolean => !/-(wal|shm|journal)$/.test(name) && name !== 'traffic';

  it('gives every path of the home its mode, whatever the umask', async () => {
    expectDone(await clone.switchyard('env', 'set', 'OWN_KEY=value'));
    expectLive(await clone.release());
    await clone.state();
    const names = ['.', ...readdirSync(clone.home.dir).filter(isListed)];
    const found = Object.fromEntries(names.map((name) => [name, modeOf(name)]));
    const wanted = Object.fromEntries(names.map((name) => [name, MODES[name]]));
    expect(found).toEqual({ ...wanted, logs: expect.any(Number) });
    expect((found.logs as number) & ~(MODES.logs as number)).toBe(0);
    expect(names).toEqual(expect.arrayContaining(['ready', 'links', 'deployer.sock', 'env', 'releases']));
  });

  it('lets no other user write below it', () => {
    const open = names('.').filter((file) => (modeOf(file) & 0o022) !== 0);
    // nginx itself opens its sockets for its workers
    expect(open.filter((file) => !/^nginx\/[\w-]+\.sock$/.test(file))).toEqual([]);
  });

  it('is compared by doctor, whose fix works', async () => {
    for (const [name, mode] of [
      ['links', 0o755],
      ['settings.json', 0o644],
    ] as const)
      chmodSync(path.join(clone.home.dir, name), mode);
    const { text } = await clone.switchyard('doctor');
    const fixes = text.match(/chmod \d+ \S+/g) ?? [];
    expect(fixes.map((fix) => fix.replace(`${clone.home.dir}/`, '')).sort()).toEqual([
      'chmod 600 settings.json',
      'chmod 700 links',
    ]);
    expectDone(await clone.shell(fixes.join('\n')));
    expect((await clone.switchyard('doctor')).text).not.toContain('chmod');
  });

  /** Files and folders that others can reach: in folders that they may enter. */
  function names(folder: string): string[] {
    return readdirSync(path.join(clone.home.dir, folder)).flatMap((name) => {
      const file = path.join(folder, name);
      const stat = lstatSync(path.join(clone.home.dir, file));
      if (stat.isSymbolicLink()) return [];
      return stat.isDirectory() && (stat.mode & 0o011) !== 0 ? [file, ...names(file)] : [file];
    });
  }
});
