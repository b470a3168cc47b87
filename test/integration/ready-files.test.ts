import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { lstatSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sendCommit } from '../../deploy/git/mirror';
import type { Home } from '../../deploy/home/home';
import { checkOut } from '../../deploy/release/checkout';
import {
  prepareNextCheckout,
  removePreparedCheckout,
  takePreparedCheckout,
} from '../../deploy/release/checkout-cache';
import { whileWriting } from '../support/writer';
import type { Repository } from '../support/repository';
import { homeAndClone } from '../support/repository';

let home: Home;
let clone: Repository;
let top: string;

beforeEach(() => {
  ({ home, clone, top } = homeAndClone());
});

/** Commits everything in the clone and sends it to the mirror. */
async function commitToMirror(): Promise<string> {
  const commit = clone.commit();
  await sendCommit(home, clone.dir, commit);
  return commit;
}

/** Checks out a commit as for a release, with prepared files if there are any. */
async function release(commit: string): Promise<string> {
  const dir = path.join(home.releases, commit);
  mkdirSync(dir);
  const earlier = takePreparedCheckout(home, dir);
  await checkOut(home.mirrorGit, commit, dir, earlier);
  return dir;
}

/** Checks out a commit without prepared files. */
async function freshCheckout(commit: string): Promise<string> {
  const dir = path.join(top, `fresh-${commit}`);
  mkdirSync(dir);
  await checkOut(home.mirrorGit, commit, dir);
  return dir;
}

/** Path, mode and content of every file in a folder. */
function contents(folder: string, below = ''): string[] {
  return readdirSync(path.join(folder, below))
    .sort()
    .flatMap((name) => {
      const at = path.join(below, name);
      const file = path.join(folder, at);
      const { mode } = lstatSync(file);
      if (lstatSync(file).isDirectory()) return [`${at}/`, ...contents(folder, at)];
      const isLink = lstatSync(file).isSymbolicLink();
      return [`${at} ${mode.toString(8)} ${isLink ? readlinkSync(file) : readFileSync(file, 'hex')}`];
    });
}

const inode = (dir: string, file: string): number => lstatSync(path.join(dir, file)).ino;

test('a release with prepared files equals a fresh checkout, file for file', async () => {
  clone.write('same', 'same');
  clone.write('changed', '1');
  clone.write('program', '#!/bin/sh');
  clone.write('gone/file', '');
  clone.write('folder/file', 'a folder becomes a file');
  clone.write('file', 'a file becomes a folder');
  symlinkSync('same', path.join(clone.dir, 'link'));
  const first = await commitToMirror();
  await prepareNextCheckout(home, first);

  clone.write('changed', '2');
  chmodSync(path.join(clone.dir, 'program'), 0o755);
  for (const name of ['gone', 'folder', 'file', 'link'])
    rmSync(path.join(clone.dir, name), { recursive: true });
  clone.write('folder', 'now a file');
  clone.write('file/deep', 'now in a folder');
  symlinkSync('changed', path.join(clone.dir, 'link'));
  clone.write('new', 'new');
  const second = await commitToMirror();

  const prepared = inode(path.join(home.ready, first), 'same');
  const dir = await release(second);
  expect(contents(dir)).toEqual(contents(await freshCheckout(second)));
  expect(inode(dir, 'same')).toBe(prepared);
  expect(existsSync(`${dir}.index`)).toBe(false);
});

test('prepared files are used for one release, and the next gets a fresh checkout', async () => {
  clone.write('file', '1');
  const commit = await commitToMirror();
  await prepareNextCheckout(home, commit);
  clone.write('file', '2');
  const [one, two] = [await release(commit), await release(await commitToMirror())];
  expect(readFileSync(path.join(one, 'file'), 'utf8')).toBe('1');
  expect(readFileSync(path.join(two, 'file'), 'utf8')).toBe('2');
});

test('a commit that changes line endings gets all its files written again', async () => {
  clone.write('text/lines', 'one\ntwo\n');
  await prepareNextCheckout(home, await commitToMirror());
  clone.write('text/.gitattributes', 'lines text eol=crlf\n');
  const dir = await release(await commitToMirror());
  expect(readFileSync(path.join(dir, 'text/lines'), 'utf8')).toBe('one\r\ntwo\r\n');
});

test('changed or removed prepared files are written again', async () => {
  for (const name of ['changed', 'removed', 'same']) clone.write(name, 'original');
  const commit = await commitToMirror();
  await prepareNextCheckout(home, commit);
  writeFileSync(path.join(home.ready, commit, 'changed'), 'changed');
  rmSync(path.join(home.ready, commit, 'removed'));
  clone.write('new', '');
  const next = await commitToMirror();
  expect(contents(await release(next))).toEqual(contents(await freshCheckout(next)));
});

test('prepared files of a commit that no longer exists are not used', async () => {
  clone.write('file', '1');
  await prepareNextCheckout(home, await commitToMirror());
  rmSync(home.mirrorGit, { recursive: true });
  rmSync(path.join(clone.dir, '.git'), { recursive: true });
  clone.git('init', '--quiet', '--initial-branch=main');
  clone.write('file', '2');
  const other = await commitToMirror();
  expect(contents(await release(other))).toEqual(contents(await freshCheckout(other)));
});

test('half-prepared files of a killed process are not used, and are removed', async () => {
  const commit = await commitToMirror();
  mkdirSync(path.join(home.ready, 'making-abc', 'files'), { recursive: true });
  writeFileSync(path.join(home.ready, `${commit}.index`), 'half an index');
  expect(takePreparedCheckout(home, path.join(home.releases, commit))).toBeNull();
  await prepareNextCheckout(home, commit);
  expect(inReady()).toEqual([commit, `${commit}.index`]);
});

test('a prepared folder without its index is prepared again', async () => {
  clone.write('file', '1');
  const commit = await commitToMirror();
  await prepareNextCheckout(home, commit);
  rmSync(path.join(home.ready, `${commit}.index`));
  await prepareNextCheckout(home, commit);
  expect(inReady()).toEqual([commit, `${commit}.index`]);
});

test('a broken index, as after a power cut, disables the prepared files but not the release', async () => {
  clone.write('file', '1');
  const commit = await commitToMirror();
  await prepareNextCheckout(home, commit);
  writeFileSync(path.join(home.ready, `${commit}.index`), '');
  clone.write('file', '2');
  const next = await commitToMirror();
  expect(contents(await release(next))).toEqual(contents(await freshCheckout(next)));
});

test('a failed preparation of files leaves nothing on the disk', async () => {
  await commitToMirror();
  await expect(prepareNextCheckout(home, 'a'.repeat(40))).rejects.toThrow();
  expect(inReady()).toEqual([]);
});

test('prepared files can be removed while a surviving git process still writes some', async () => {
  const folder = path.join(home.ready, 'making-abc', 'files');
  await whileWriting(folder, async () => {
    for (let times = 0; times < 20; times++) await removePreparedCheckout(home);
  });
});

test("the user's own git settings do not affect prepared files", async () => {
  const settings = path.join(top, 'settings');
  const before = process.env.XDG_CONFIG_HOME;
  process.env.XDG_CONFIG_HOME = settings;
  try {
    clone.write('.gitattributes', '* text=auto\n');
    clone.write('lines', 'one\ntwo\n');
    symlinkSync('lines', path.join(clone.dir, 'link'));
    await prepareNextCheckout(home, await commitToMirror());
    mkdirSync(path.join(settings, 'git'), { recursive: true });
    writeFileSync(path.join(settings, 'git/config'), '[core]\neol = crlf\nsymlinks = false\n');
    writeFileSync(path.join(settings, 'git/attributes'), '* text eol=crlf\n');
    clone.write('new', '1\n');
    const next = await commitToMirror();
    const dir = await release(next);
    expect(contents(dir)).toEqual(contents(await freshCheckout(next)));
    expect(readFileSync(path.join(dir, 'new'), 'utf8')).toBe('1\n');
  } finally {
    if (before === undefined) delete process.env.XDG_CONFIG_HOME;
    else process.env.XDG_CONFIG_HOME = before;
  }
});

test('files prepared under another umask are written again', async () => {
  clone.write('file', '1');
  const commit = await commitToMirror();
  const usual = process.umask(0o077);
  try {
    await prepareNextCheckout(home, commit);
  } finally {
    process.umask(usual);
  }
  clone.write('new', '');
  const next = await commitToMirror();
  expect(contents(await release(next))).toEqual(contents(await freshCheckout(next)));
  expect(inReady()).not.toContain(`${commit}.index`);
});

function inReady(): string[] {
  return readdirSync(home.ready)
    .filter((name) => !name.endsWith('.lock'))
    .sort();
}
