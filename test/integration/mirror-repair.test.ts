/** mirror.git is a cache: any damage is repaired by recreating it, and the source is not blamed. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../../deploy/home/home';
import { checkOut } from '../../deploy/release/checkout';
import { repairCommit, sendCommit, updateMirror } from '../../deploy/git/mirror';
import { tipOf } from '../../deploy/git/mirror-commits';
import { damageOf } from '../../deploy/git/damage';
import type { Repository } from '../support/repository';
import { homeAndClone } from '../support/repository';

let home: Home;
let clone: Repository;
let top: string;
let reports: string[];
const report = (message: string): number => reports.push(message);

beforeEach(async () => {
  ({ home, clone, top } = homeAndClone());
  reports = [];
  for (const text of ['one', 'two']) {
    clone.write('file.txt', text);
    clone.commit(text);
  }
  await updateMirror(home, clone.dir);
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());
}

const objects = (): string[] =>
  filesIn(path.join(home.mirrorGit, 'objects')).filter((file) => /[0-9a-f]{38}$/.test(file));
const inMirror = (...args: string[]): void => {
  spawnSync('git', ['--git-dir', home.mirrorGit, ...args]);
};
const packed = (ext: string): string[] => {
  inMirror('gc', '--quiet');
  return filesIn(path.join(home.mirrorGit, 'objects', 'pack')).filter((file) => file.endsWith(ext));
};
function empty(file: string): void {
  chmodSync(file, 0o644);
  truncateSync(file);
}

const DAMAGES: [string, () => void][] = [
  ['all objects are missing', () => objects().forEach((file) => rmSync(file))],
  ['all objects are empty', () => objects().forEach(empty)],
  [
    'a pack is truncated',
    () => packed('.pack').forEach((file) => (chmodSync(file, 0o644), truncateSync(file, 40))),
  ],
  ['the index of a pack is missing', () => packed('.idx').forEach((file) => rmSync(file))],
  ['a branch is empty', () => empty(path.join(home.mirrorGit, 'refs/heads/main'))],
  [
    'a branch names a missing commit',
    () => writeFileSync(path.join(home.mirrorGit, 'refs/heads/main'), `${'a'.repeat(40)}\n`),
  ],
  ['HEAD is missing', () => rmSync(path.join(home.mirrorGit, 'HEAD'))],
  ['HEAD is empty', () => empty(path.join(home.mirrorGit, 'HEAD'))],
  [
    'its configuration is garbled',
    () => writeFileSync(path.join(home.mirrorGit, 'config'), 'bare = true [['),
  ],
  ['its object folder is missing', () => rmSync(path.join(home.mirrorGit, 'objects'), { recursive: true })],
  [
    'locks are left over',
    () => {
      for (const name of ['packed-refs.lock', 'refs/heads/main.lock', 'shallow.lock', 'config.lock'])
        writeFileSync(path.join(home.mirrorGit, name), '');
    },
  ],
  [
    'it is a file',
    () => {
      rmSync(home.mirrorGit, { recursive: true });
      writeFileSync(home.mirrorGit, '');
    },
  ],
];

test.each(DAMAGES)(
  'a new commit is fetched and checked out although in mirror.git %s',
  async (_what, damage) => {
    damage();
    clone.write('file.txt', 'three');
    const commit = clone.commit('three');

    await updateMirror(home, clone.dir, { report });

    expect(await tipOf(home, 'main')).toBe(commit);
    await expectCheckOut(commit);
    expect(reports.filter((line) => !line.startsWith('mirror.git was damaged ('))).toEqual([]);
  },
);

test.each(DAMAGES)('a commit is sent from the clone although in mirror.git %s', async (_what, damage) => {
  damage();
  clone.write('file.txt', 'three');
  const commit = clone.commit('three');
  await sendCommit(home, clone.dir, commit);
  await expectCheckOut(commit);
});

test('a commit with lost files is restored from the source, and one line reports it', async () => {
  const commit = clone.git('rev-parse', 'HEAD');
  const blob = clone.git('rev-parse', 'HEAD:file.txt');
  rmSync(path.join(home.mirrorGit, 'objects', blob.slice(0, 2), blob.slice(2)));
  await updateMirror(home, clone.dir, { report });
  expect(reports).toEqual([]);

  expect(await repairCommit(home, { source: clone.dir, root: clone.dir, commit, report })).toBe(true);

  expect(reports).toEqual([expect.stringMatching(/^mirror\.git was damaged \(.+\) and was recreated$/)]);
  expect(await damageOf(home.mirrorGit)).toBeNull();
  await expectCheckOut(commit);
});

test('a commit that only the clone has is restored from the clone', async () => {
  const sent = clone.commit('by hand');
  await sendCommit(home, clone.dir, sent);
  clone.git('reset', '--quiet', '--hard', 'HEAD~1');
  objects().forEach(empty);

  expect(await repairCommit(home, { source: clone.dir, root: clone.dir, commit: sent, report })).toBe(true);

  await expectCheckOut(sent);
});

test('an unreadable source is blamed, and the mirror stays', async () => {
  const before = objects();
  await expect(updateMirror(home, path.join(top, 'nowhere'), { report })).rejects.toMatchObject({
    code: 'E_SOURCE',
  });
  expect(objects()).toEqual(before);
  expect(reports).toEqual([]);
});

test('a damaged source is blamed, and the mirror stays', async () => {
  clone.write('file.txt', 'three');
  clone.commit('three');
  const tree = clone.git('rev-parse', 'HEAD^{tree}');
  rmSync(path.join(clone.dir, '.git/objects', tree.slice(0, 2), tree.slice(2)));
  const before = objects();
  await expect(updateMirror(home, clone.dir, { report })).rejects.toMatchObject({ code: 'E_SOURCE' });
  expect(objects()).toEqual(before);
  expect(reports).toEqual([]);
});

test('an intact mirror is not recreated', async () => {
  const commit = clone.git('rev-parse', 'HEAD');
  expect(await repairCommit(home, { source: clone.dir, root: clone.dir, commit, report })).toBe(false);
});

let folders = 0;
async function expectCheckOut(commit: string): Promise<void> {
  const dir = path.join(top, `out-${(folders += 1)}`);
  mkdirSync(dir);
  await checkOut(home.mirrorGit, commit, dir);
  expect(readdirSync(dir)).toContain('file.txt');
}
