/** Root gives the data folder to the containers' user, while a possibly hostile app writes into it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { changeDataOwner } from '../../deploy/runtimes/compose/container-user';
import { needs, root } from '../support/needs';
import { afterwards, tempHome } from '../support/temp-home';

const USER = { uid: 1000, gid: 1000 };

needs('root', root).describe('giving the data folder to the containers as root', () => {
  let dir: string;
  let data: string;
  /** A file of the host, outside the data. */
  let passwords: string;
  beforeEach(() => {
    dir = tempHome();
    data = path.join(dir, 'shared');
    passwords = path.join(dir, 'host', 'etc', 'passwords');
    mkdirSync(path.dirname(passwords), { recursive: true });
    writeFileSync(passwords, 'root');
    mkdirSync(data, { mode: 0o700 });
  });
  const ownerOf = (file: string): number => lstatSync(file).uid;

  it("changes the owner of root's files at any depth", async () => {
    mkdirSync(path.join(data, 'a', 'b'), { recursive: true, mode: 0o700 });
    writeFileSync(path.join(data, 'a', 'b', 'app.db'), '', { mode: 0o600 });
    await changeDataOwner(data, USER);
    for (const name of ['.', 'a', 'a/b', 'a/b/app.db']) expect(ownerOf(path.join(data, name))).toBe(1000);

    // again, for a file deep inside only
    writeFileSync(path.join(data, 'a', 'b', 'restored.db'), '');
    await changeDataOwner(data, USER);
    expect(ownerOf(path.join(data, 'a', 'b', 'restored.db'))).toBe(1000);
  });

  it("follows the operator's link to another disk", async () => {
    const disk = path.join(dir, 'disk');
    mkdirSync(disk);
    writeFileSync(path.join(disk, 'app.db'), '');
    rmSync(data, { recursive: true });
    symlinkSync(disk, data);
    await changeDataOwner(data, USER);
    expect([ownerOf(disk), ownerOf(path.join(disk, 'app.db')), ownerOf(data)]).toEqual([1000, 1000, 0]);
  });

  it('changes no owner through a link of the app to a directory or a file of the host', async () => {
    symlinkSync(path.join(dir, 'host'), path.join(data, 'folder'));
    symlinkSync(passwords, path.join(data, 'file'));
    mkdirSync(path.join(data, 'deep'));
    symlinkSync('../../host/etc', path.join(data, 'deep', 'relative'));
    await changeDataOwner(data, USER);
    expect(ownerOf(path.join(data, 'deep'))).toBe(1000);
    expectHostUnchanged();
  });

  it('changes no owner through a directory that is swapped for a link at the same time', async () => {
    const [folder, aside] = [path.join(data, 'uploads'), path.join(dir, 'aside')];
    const names = Array.from({ length: 300 }, (_, index) => `file${index}`);
    mkdirSync(folder);
    for (const name of names) {
      for (const parent of [folder, path.dirname(passwords)]) writeFileSync(path.join(parent, name), '');
    }
    const swapper = spawn(process.execPath, ['-e', SWAPPER, folder, path.dirname(passwords), aside]);
    afterwards(() => swapper.kill('SIGKILL'));
    await once(swapper.stdout, 'data');
    for (let turn = 0; turn < 100; turn++) {
      // a file of root, so that every turn walks the folder
      const fresh = mkdtempSync(path.join(data, 'restored-'));
      await changeDataOwner(data, USER);
      expect(ownerOf(fresh)).toBe(1000);
    }
    expect(swapper.exitCode).toBeNull();
    expect(names.map((name) => ownerOf(path.join(path.dirname(passwords), name)))).toEqual(
      names.map(() => 0),
    );
    expectHostUnchanged();
  });

  it('leaves hard links alone, since they may be files of the host', async () => {
    linkSync(passwords, path.join(data, 'second-name'));
    writeFileSync(path.join(data, 'own'), '');
    await changeDataOwner(data, USER);
    expect(ownerOf(path.join(data, 'own'))).toBe(1000);
    expectHostUnchanged();
  });

  it('leaves a mounted folder of the host alone', async () => {
    const mounted = path.join(data, 'mounted');
    mkdirSync(mounted);
    execFileSync('/bin/mount', ['--bind', path.join(dir, 'host'), mounted]);
    afterwards(() => execFileSync('/bin/umount', ['-l', mounted]));
    await changeDataOwner(data, USER);
    expect(ownerOf(data)).toBe(1000);
    expectHostUnchanged();
  });

  it("drops the setuid bit of root's program, gives away no device and does not block on a FIFO", async () => {
    const program = path.join(data, 'program');
    writeFileSync(program, '');
    chmodSync(program, 0o4755);
    execFileSync('mkfifo', [path.join(data, 'fifo')]);
    execFileSync('mknod', [path.join(data, 'device'), 'c', '1', '3']);
    await changeDataOwner(data, USER);
    expect(ownerOf(program)).toBe(1000);
    expect(statSync(program).mode & 0o7000).toBe(0);
    expect(ownerOf(path.join(data, 'fifo'))).toBe(1000);
    expect(ownerOf(path.join(data, 'device'))).toBe(0);
  });

  function expectHostUnchanged(): void {
    const files = [path.join(dir, 'host'), path.dirname(passwords), passwords];
    expect(files.map(ownerOf)).toEqual([0, 0, 0]);
  }
});

/** A hostile app: swaps the folder between a directory and a link to the host as fast as it can. */
const SWAPPER = `
  const fs = require('node:fs');
  const [folder, host, aside] = process.argv.slice(1);
  console.log('swaps');
  const pause = () => {
    const end = performance.now() + Math.random();
    while (performance.now() < end);
  };
  for (;;) {
    fs.renameSync(folder, aside);
    fs.symlinkSync(host, folder);
    pause();
    fs.unlinkSync(folder);
    fs.renameSync(aside, folder);
    pause();
  }
`;
