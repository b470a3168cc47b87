/** Compares the table of modes with a real home that was created under a careless umask. */
import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { MODES } from '../../deploy/home/modes';
import { findWorkerUser, type WorkerUser } from '../../deploy/traffic/worker-user';
import { expectDone, expectLive } from '../support/expect-live';
import { needs, root } from '../support/needs';
import { OTHER_USER } from '../support/other-user';
import { forEachRuntime } from '../support/runtimes';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

/** A user without any rights in the home. */
const OTHER = 54321;

forEachRuntime((runtime) => {
  let clone: TinyClone;
  beforeAll(async () => {
    clone = await tinyClone({ bake: { seconds: 0 }, runtime });
    expectDone(await clone.shell('umask 000 && node scripts/start.js'));
  });
  afterAll(() => clone.cleanUp());

  const modeOf = (file: string): number => lstatSync(path.join(clone.home.dir, file)).mode & 0o777;
  /** The files that SQLite writes beside a database, and the link that nginx follows. */
  const isListed = (name: string): boolean => !/-(wal|shm|journal)$/.test(name) && name !== 'traffic';

  it('gives every path of the home its mode, whatever the umask', async () => {
    expectDone(await clone.switchyard('env', 'set', 'OWN_KEY=value'));
    expectLive(await clone.release());
    await clone.state();
    const names = ['.', ...readdirSync(clone.home.dir).filter(isListed)];
    const found = Object.fromEntries(names.map((name) => [name, modeOf(name)]));
    const wanted = Object.fromEntries(names.map((name) => [name, MODES[name]]));
    const entered = { logs: expect.any(Number), nginx: expect.any(Number) };
    expect(found).toEqual({ ...wanted, ...entered });
    for (const name of Object.keys(entered))
      expect((found[name] as number) & ~(MODES[name] as number)).toBe(0);
    expect(names).toEqual(expect.arrayContaining(['ready', 'links', 'deployer.sock', 'env', 'releases']));
  });

  it('lets no other user write below it', () => {
    const open = names('.').filter((file) => (modeOf(file) & 0o022) !== 0);
    // nginx creates its sockets with this mode, in a folder that others may not enter
    expect(open.filter((file) => !/^nginx\/[\w-]+\.sock$/.test(file))).toEqual([]);
  });

  needs('root', root).test('lets no other user connect to a socket of nginx', () => {
    expectClosed(clone);
  });

  it('is compared by doctor, whose fix works', async () => {
    mkdirSync(path.join(clone.home.dir, 'data-copies'));
    for (const [name, mode] of [
      ['data-copies', 0o777],
      ['links', 0o755],
      ['settings.json', 0o644],
    ] as const)
      chmodSync(path.join(clone.home.dir, name), mode);
    const { text } = await clone.switchyard('doctor');
    const fixes = text.match(/chmod \d+ \S+/g) ?? [];
    expect(fixes.map((fix) => fix.replace(`${clone.home.dir}/`, '')).sort()).toEqual([
      'chmod 600 settings.json',
      'chmod 700 links',
      'chmod 711 data-copies',
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

needs('root', root).test('an ordinary user keeps the sockets of nginx from other users', async () => {
  const clone = await tinyClone({ bake: { seconds: 0 } }, {}, { user: OTHER_USER });
  try {
    expectDone(await clone.start());
    expectClosed(clone);
  } finally {
    await clone.cleanUp();
  }
});

/** Another user cannot connect to any socket below nginx/, but nginx's workers can. */
function expectClosed({ home }: TinyClone): void {
  const sockets = readdirSync(home.nginx).filter((name) => name.endsWith('.sock'));
  expect(sockets.sort()).toEqual(['after-blue.sock', 'after-green.sock', 'status.sock']);
  const answers = (name: string, uid: number, gid: number): string => {
    const connect = `require('net').connect(process.argv[1]).on('connect', () => { console.log('connected'); process.exit(); })
      .on('error', ({ code }) => console.log(code));`;
    const argv = ['-e', connect, path.join(home.nginx, name)];
    return spawnSync(process.execPath, argv, { uid, gid, cwd: '/', encoding: 'utf8' }).stdout.trim();
  };
  const { uid, gid } = findWorkerUser() as WorkerUser;
  const isOfRoot = lstatSync(home.nginx).uid === 0;
  for (const name of sockets) {
    expect([name, answers(name, OTHER, OTHER)]).toEqual([name, 'EACCES']);
    if (isOfRoot) expect([name, answers(name, uid, gid)]).toEqual([name, 'connected']);
  }
}
