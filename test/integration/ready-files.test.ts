import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { lstatSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sendCommit } from '../../deploy/git/mirror';
import type { Home } from '../../deploy/home/home';
import { checkOut } from '../../deploy/release/checkout';
import { readyFiles, removeReadyFiles, takeFiles } from '../../deploy/release/checkout-cache';
import { whileWriting } from '../support/writer';
import type { Repository } from '../support/repository';
import { homeAndClone } from '../support/repository';

let home: Home;
let clone: Repository;
let top: string;

beforeEach(() => {
  ({ home, clone, top } = homeAndClone());
});

/** A commit of all that the clone holds, in the mirror. */
async function sent(): Promise<string> {
  const commit = clone.commit();
  await sendCommit(home, clone.dir, commit);
  return commit;
}

/** The commit, checked out as for a release: with what is ready, where something is. */
async function release(commit: string): Promise<string> {
  const dir = path.join(home.releases, commit);
  mkdirSync(dir);
  const earlier = takeFiles(home, dir);
  await checkOut(home.mirrorGit, commit, dir, earlier);
  return dir;
}

/** The same without anything that is ready. */
async function anew(commit: string): Promise<string> {
  const dir = path.join(top, `anew-${commit}`);
  mkdirSync(dir);
  await checkOut(home.mirrorGit, commit, dir);
  return dir;
}

/** What is in a folder: each file's path, mode and content. */
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

test('a release with ready files is, file for file, the one that is checked out anew', async () => {
  clone.write('same', 'same');
  clone.write('changed', '1');
  clone.write('program', '#!/bin/sh');
  clone.write('gone/file', '');
  clone.write('folder/file', 'a folder becomes a file');
  clone.write('file', 'a file becomes a folder');
  symlinkSync('same', path.join(clone.dir, 'link'));
  const first = await sent();
  await readyFiles(home, first);

  clone.write('changed', '2');
  chmodSync(path.join(clone.dir, 'program'), 0o755);
  for (const name of ['gone', 'folder', 'file', 'link'])
    rmSync(path.join(clone.dir, name), { recursive: true });
  clone.write('folder', 'now a file');
  clone.write('file/deep', 'now in a folder');
  symlinkSync('changed', path.join(clone.dir, 'link'));
  clone.write('new', 'new');
  const second = await sent();

  const kept = inode(path.join(home.ready, first), 'same');
  const dir = await release(second);
  expect(contents(dir)).toEqual(contents(await anew(second)));
  expect(inode(dir, 'same')).toBe(kept);
  expect(existsSync(`${dir}.index`)).toBe(false);
});

test('they are for one release; the next is checked out anew', async () => {
  clone.write('file', '1');
  const commit = await sent();
  await readyFiles(home, commit);
  clone.write('file', '2');
  const [one, two] = [await release(commit), await release(await sent())];
  expect(readFileSync(path.join(one, 'file'), 'utf8')).toBe('1');
  expect(readFileSync(path.join(two, 'file'), 'utf8')).toBe('2');
});

test('a commit that says anew with which line ends files are written has all of them written anew', async () => {
  clone.write('text/lines', 'one\ntwo\n');
  await readyFiles(home, await sent());
  clone.write('text/.gitattributes', 'lines text eol=crlf\n');
  const dir = await release(await sent());
  expect(readFileSync(path.join(dir, 'text/lines'), 'utf8')).toBe('one\r\ntwo\r\n');
});

test('ready files that somebody has changed or removed are written again', async () => {
  for (const name of ['changed', 'removed', 'same']) clone.write(name, 'as it was');
  const commit = await sent();
  await readyFiles(home, commit);
  writeFileSync(path.join(home.ready, commit, 'changed'), 'by somebody');
  rmSync(path.join(home.ready, commit, 'removed'));
  clone.write('new', '');
  const next = await sent();
  expect(contents(await release(next))).toEqual(contents(await anew(next)));
});

test('those of a commit that is no more are put aside, not trusted', async () => {
  clone.write('file', '1');
  await readyFiles(home, await sent());
  rmSync(home.mirrorGit, { recursive: true });
  rmSync(path.join(clone.dir, '.git'), { recursive: true });
  clone.git('init', '--quiet', '--initial-branch=main');
  clone.write('file', '2');
  const other = await sent();
  expect(contents(await release(other))).toEqual(contents(await anew(other)));
});

test('what a killed process has left half made is used by nobody, and put aside', async () => {
  const commit = await sent();
  mkdirSync(path.join(home.ready, 'making-abc', 'files'), { recursive: true });
  writeFileSync(path.join(home.ready, `${commit}.index`), 'half an index');
  expect(takeFiles(home, path.join(home.releases, commit))).toBeNull();
  await readyFiles(home, commit);
  expect(inReady()).toEqual([commit, `${commit}.index`]);
});

test('a folder whose index was taken by who was then killed is made anew', async () => {
  clone.write('file', '1');
  const commit = await sent();
  await readyFiles(home, commit);
  rmSync(path.join(home.ready, `${commit}.index`));
  await readyFiles(home, commit);
  expect(inReady()).toEqual([commit, `${commit}.index`]);
});

test('a broken index, as a power cut leaves it, costs the ready files and not the release', async () => {
  clone.write('file', '1');
  const commit = await sent();
  await readyFiles(home, commit);
  writeFileSync(path.join(home.ready, `${commit}.index`), '');
  clone.write('file', '2');
  const next = await sent();
  expect(contents(await release(next))).toEqual(contents(await anew(next)));
});

test('what cannot be made ready leaves nothing on the disk', async () => {
  await sent();
  await expect(readyFiles(home, 'a'.repeat(40))).rejects.toThrow();
  expect(inReady()).toEqual([]);
});

test('they can be removed while a git that outlived its caller still writes some', async () => {
  const folder = path.join(home.ready, 'making-abc', 'files');
  await whileWriting(folder, async () => {
    for (let times = 0; times < 20; times++) await removeReadyFiles(home);
  });
});

test("the user's own settings, which may change between two releases, are not asked for", async () => {
  const settings = path.join(top, 'settings');
  const given = process.env.XDG_CONFIG_HOME;
  process.env.XDG_CONFIG_HOME = settings;
  try {
    clone.write('.gitattributes', '* text=auto\n');
    clone.write('lines', 'one\ntwo\n');
    symlinkSync('lines', path.join(clone.dir, 'link'));
    await readyFiles(home, await sent());
    mkdirSync(path.join(settings, 'git'), { recursive: true });
    writeFileSync(path.join(settings, 'git/config'), '[core]\neol = crlf\nsymlinks = false\n');
    writeFileSync(path.join(settings, 'git/attributes'), '* text eol=crlf\n');
    clone.write('new', '1\n');
    const next = await sent();
    const dir = await release(next);
    expect(contents(dir)).toEqual(contents(await anew(next)));
    expect(readFileSync(path.join(dir, 'new'), 'utf8')).toBe('1\n');
  } finally {
    if (given === undefined) delete process.env.XDG_CONFIG_HOME;
    else process.env.XDG_CONFIG_HOME = given;
  }
});

test('files that were made ready under another umask are written again', async () => {
  clone.write('file', '1');
  const commit = await sent();
  const usual = process.umask(0o077);
  try {
    await readyFiles(home, commit);
  } finally {
    process.umask(usual);
  }
  clone.write('new', '');
  const next = await sent();
  expect(contents(await release(next))).toEqual(contents(await anew(next)));
  expect(inReady()).not.toContain(`${commit}.index`);
});

function inReady(): string[] {
  return readdirSync(home.ready)
    .filter((name) => !name.endsWith('.lock'))
    .sort();
}
