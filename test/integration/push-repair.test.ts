/** push.git is not a cache: a damaged one is moved aside, and everything readable is copied into a new one. */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pushDamage } from '../../deploy/git/push-damage';
import { repairPushRepository } from '../../deploy/git/push-repair';
import { preparePushRepository } from '../../deploy/git/push-repository';
import { updateMirror } from '../../deploy/git/mirror';
import type { Home } from '../../deploy/home/home';
import { needs, root } from '../support/needs';
import type { Repository } from '../support/repository';
import { homeAndClone, repository } from '../support/repository';
import { afterwards } from '../support/temp-home';
import { until } from '../support/until';

const LIMIT_MS = 60_000;

let home: Home;
let clone: Repository;
let top: string;
/** The pushed tips: main was deployed, other and v1 never were. */
let main: string;
let other: string;

beforeEach(async () => {
  ({ home, clone, top } = homeAndClone());
  await preparePushRepository(home, { node: process.execPath, root: clone.dir, branch: 'main' });
  for (const hook of ['pre-receive', 'post-receive']) rmSync(path.join(home.pushGit, 'hooks', hook));
  clone.write('file.txt', 'one');
  clone.commit('one');
  clone.write('file.txt', 'two');
  main = clone.commit('two');
  clone.git('push', '--quiet', home.pushGit, 'main');
  await updateMirror(home, home.pushGit);
  // by another developer, whose commits are neither in the clone nor in the mirror
  const theirs = repository(path.join(top, 'theirs'));
  theirs.write('other.txt', 'other');
  other = theirs.commit('other');
  theirs.git('tag', '-m', 'first', 'v1');
  theirs.git('push', '--quiet', home.pushGit, 'main:other', 'v1');
});

const at = (...names: string[]): string => path.join(home.pushGit, ...names);
const inPush = (...args: string[]): string =>
  execFileSync('git', ['--git-dir', home.pushGit, ...args], { encoding: 'utf8' }).trim();
const objectFile = (id: string): string => at('objects', id.slice(0, 2), id.slice(2));
function empty(file: string): void {
  chmodSync(file, 0o644);
  truncateSync(file);
}
function looseObjects(): string[] {
  return readdirSync(at('objects'), { recursive: true, encoding: 'utf8' })
    .map((name) => at('objects', name))
    .filter((file) => /[0-9a-f]{38}$/.test(file));
}
const brokenCopies = (): string[] => readdirSync(home.dir).filter((name) => name.startsWith('push-broken-'));
const repair = (live: string | null = main, isSource = true): Promise<string | null> =>
  repairPushRepository(home, { root: clone.dir, branch: 'main', live, isSource });
function pack(): string {
  inPush('gc', '--quiet');
  const name = readdirSync(at('objects/pack')).find((each) => each.endsWith('.pack')) as string;
  return at('objects/pack', name);
}

async function expectRepaired(...refs: [string, string][]): Promise<void> {
  expect(await pushDamage(home, LIMIT_MS)).toBeNull();
  for (const [ref, commit] of refs) expect(inPush('rev-parse', ref)).toBe(commit);
  expect(statSync(home.pushGit).mode & 0o777).toBe(0o700);
  await preparePushRepository(home, { node: process.execPath, root: clone.dir, branch: 'main' });
  rmSync(at('hooks/pre-receive'));
  rmSync(at('hooks/post-receive'));
  const next = clone.commit('next');
  clone.git('push', '--quiet', home.pushGit, 'main');
  expect(inPush('rev-parse', 'main')).toBe(next);
}

const ALL: [string, string][] = [];
beforeEach(() => ALL.splice(0, ALL.length, ['main', main], ['other', other], ['v1^{commit}', other]));

const DAMAGES: [string, () => void][] = [
  ['an object is missing', () => rmSync(objectFile(main))],
  ['an object is empty', () => empty(objectFile(main))],
  ['a file is empty', () => empty(objectFile(inPush('rev-parse', 'main:file.txt')))],
  [
    'a file is garbled',
    () => {
      const file = objectFile(inPush('rev-parse', 'main:file.txt'));
      chmodSync(file, 0o644);
      writeFileSync(file, 'garbage');
    },
  ],
  ['the deploying branch is empty', () => empty(at('refs/heads/main'))],
  ['the deploying branch names a missing commit', () => writeFileSync(at('refs/heads/main'), 'a'.repeat(40))],
  ['HEAD is missing', () => rmSync(at('HEAD'))],
  ['HEAD is empty', () => empty(at('HEAD'))],
  ['its configuration is garbled', () => writeFileSync(at('config'), '[[')],
];

it.each(DAMAGES)('the repair of push.git keeps every branch and tag when %s', async (_what, damage) => {
  damage();
  expect(await pushDamage(home, LIMIT_MS)).not.toBeNull();

  expect(await repair()).toMatch(
    /^! push\.git was damaged \(.+\) and was recreated\. The old one is kept as .+push-broken-1\.git$/,
  );

  expect(brokenCopies()).toEqual(['push-broken-1.git']);
  await expectRepaired(...ALL);
  expect(await repair()).toBeNull();
});

const LOSSES: [string, () => void][] = [
  ['all objects are empty', () => looseObjects().forEach(empty)],
  ['its object folder is missing', () => rmSync(at('objects'), { recursive: true })],
  [
    'its pack is truncated',
    () => {
      const file = pack();
      chmodSync(file, 0o644);
      truncateSync(file, 40);
    },
  ],
  ['it is a file', () => (rmSync(home.pushGit, { recursive: true }), writeFileSync(home.pushGit, 'a file'))],
  ['it is missing', () => rmSync(home.pushGit, { recursive: true })],
  ['its folder is empty', () => (rmSync(home.pushGit, { recursive: true }), mkdirSync(home.pushGit))],
];

it.each(LOSSES)(
  'the repair of push.git takes the deployed commit from the mirror when %s',
  async (_what, damage) => {
    damage();
    expect(await repair()).toMatch(/^! push\.git was/);
    await expectRepaired(['main', main]);
  },
);

it('the repair of push.git takes the live release from the clone when the mirror is lost too', async () => {
  looseObjects().forEach(empty);
  rmSync(home.mirrorGit, { recursive: true });
  clone.commit('not pushed');
  await repair();
  await expectRepaired(['main', main]);
});

it('the repair of push.git reads an object from the clone when both repositories have lost it', async () => {
  const file = inPush('rev-parse', 'main:file.txt');
  for (const folder of [home.pushGit, home.mirrorGit]) {
    const loose = path.join(folder, 'objects', file.slice(0, 2), file.slice(2));
    if (existsSync(loose)) empty(loose);
  }
  await repair();
  await expectRepaired(...ALL);
});

it('the repair of push.git does not restore a branch that a push has deleted', async () => {
  clone.git('push', '--quiet', home.pushGit, 'main:gone');
  await updateMirror(home, home.pushGit);
  clone.git('push', '--quiet', home.pushGit, ':gone');
  empty(objectFile(main));
  await repair();
  expect(inPush('for-each-ref', '--format=%(refname)').split('\n')).toEqual([
    'refs/heads/main',
    'refs/heads/other',
    'refs/switchyard/live',
    'refs/tags/v1',
  ]);
});

it('the repair of push.git takes no branch when commits come from another source', async () => {
  rmSync(home.pushGit, { recursive: true });
  await repair(main, false);
  expect(inPush('for-each-ref')).toBe('');
});

it('the repair of push.git keeps the history of a shallow clone intact', async () => {
  const shallow = path.join(top, 'shallow');
  clone.git('clone', '--quiet', '--depth=1', `file://${clone.dir}`, shallow);
  execFileSync('git', ['push', '--quiet', home.pushGit, 'main:history'], { cwd: shallow });
  rmSync(home.pushGit, { recursive: true });
  await preparePushRepository(home, { node: process.execPath, root: clone.dir, branch: 'main' });
  for (const hook of ['pre-receive', 'post-receive']) rmSync(at('hooks', hook));
  execFileSync('git', ['push', '--quiet', home.pushGit, 'main:history'], { cwd: shallow });
  expect(existsSync(at('shallow'))).toBe(true);
  rmSync(at('HEAD'));
  await repair();
  expect(inPush('rev-parse', 'history')).toBe(main);
  expect(await repair()).toBeNull();
});

it('the repair of push.git leaves a repository with malformed but readable commits alone', async () => {
  const text = `tree ${inPush('rev-parse', 'main^{tree}')}\nauthor A <a@b> 1 bad\ncommitter A <a@b> 1 bad\n\nodd\n`;
  const odd = execFileSync(
    'git',
    ['--git-dir', home.pushGit, 'hash-object', '--literally', '-t', 'commit', '-w', '--stdin'],
    {
      input: text,
      encoding: 'utf8',
    },
  ).trim();
  inPush('update-ref', 'refs/heads/odd', odd);
  expect(() => inPush('fsck')).toThrow('badTimezone');
  expect(await repair()).toBeNull();
  expect(brokenCopies()).toEqual([]);
});

it('the repair of push.git removes the locks of a killed git process and moves nothing aside', async () => {
  for (const name of ['HEAD.lock', 'config.lock', 'packed-refs.lock', 'refs/heads/main.lock'])
    writeFileSync(at(name), '');
  expect(await pushDamage(home, LIMIT_MS)).toMatch(/^a killed git process left .+\.lock$/);
  expect(await repair()).toBeNull();
  expect(brokenCopies()).toEqual([]);
  await expectRepaired(...ALL);
});

it('the repair of push.git waits for a running push and keeps its locks', async () => {
  const push = spawn('sleep', ['60'], { cwd: home.pushGit, stdio: 'ignore' });
  afterwards(() => push.kill('SIGKILL'));
  await until('the push to run', () => push.pid);
  writeFileSync(at('refs/heads/other.lock'), '');
  empty(objectFile(main));
  expect(await repair()).toMatch(
    /^! push\.git is damaged \(.+\), but a push is running\. Run npm start when it has finished$/,
  );
  expect(brokenCopies()).toEqual([]);
  expect(existsSync(at('refs/heads/other.lock'))).toBe(true);
});

it('the repair of push.git finishes a repair that was interrupted between its two renames', async () => {
  renameSync(home.pushGit, `${home.pushGit}.new`);
  expect(await repair()).toBeNull();
  await expectRepaired(...ALL);
});

needs('root', root).test('the repair of push.git recreates it when it belongs to another user', async () => {
  chownSync(home.pushGit, 12345, 12345);
  expect(await pushDamage(home, LIMIT_MS)).toBe('it belongs to user 12345');
  await repair();
  await expectRepaired(...ALL);
});
