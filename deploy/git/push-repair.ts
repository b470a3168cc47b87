/**
 * Repairs push.git, which is not a cache: a push that was never deployed exists nowhere else. A broken repository is
 * moved aside, never deleted, and a new one with everything readable replaces it.
 */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Commit } from '../core/release';
import { commitLines, readableRefs, refsToRestore } from '../core/refs';
import type { Home } from '../home/home';
import { CLOSED } from '../home/modes';
import { flushFileSystems } from '../os/flush';
import { waitUntil } from '../os/wait-until';
import { hasLostPackedRefs } from './damage';
import { LIVE_REF } from './live-in-push';
import { isInUse, removeDeadLocks } from './locks';
import { gitEnvironment, gitIn, gitOn, gitSilently } from './git';
import { pushDamage } from './push-damage';

const run = promisify(execFile);
/** A check that takes longer than this is stopped, because users may be waiting for `npm start`. */
const CHECK_MS = 30_000;
/** How long to wait for a running push or fetch before leaving the repository alone. */
const PUSH_MS = 10_000;
const POLL_EVERY_MS = 50;

export interface Sources {
  root: string;
  branch: string;
  /** The commit of the live release, used if its branch cannot be read anywhere else. */
  live: Commit | null;
  /** False if commits come from another source, because the mirror then has that source's branches. */
  isSource: boolean;
}

/** Returns one sentence about the repair; null if push.git was intact or is created for the first time. */
export async function repairPushRepository(home: Home, sources: Sources): Promise<string | null> {
  const { pushGit } = home;
  const fresh = `${pushGit}.new`;
  // an earlier repair was killed between its two renames
  if (!existsSync(pushGit) && existsSync(fresh)) renameSync(fresh, pushGit);
  if (isGone(pushGit)) {
    await makeAgain(home, sources, fresh);
    return sources.live === null ? null : '! push.git was gone and was recreated';
  }
  removeDeadLocks(pushGit);
  const damage = await pushDamage(home, CHECK_MS);
  if (damage === null) return null;
  if (!(await waitUntil(() => !isInUse(pushGit), { everyMs: POLL_EVERY_MS, withinMs: PUSH_MS })))
    return `! push.git is damaged (${damage}), but a push is running. Run npm start when it has finished`;
  // its owner may have removed their own permissions
  await run('chmod', ['-R', 'u+rwX', '--', pushGit]).catch(() => undefined);
  if ((await pushDamage(home, CHECK_MS)) === null)
    return '! the permissions of push.git were wrong and have been repaired';
  const aside = await makeAgain(home, sources, fresh);
  return `! push.git was damaged (${damage}) and was recreated. The old one is kept as ${String(aside)}`;
}

/** Whether push.git is missing. Removes an empty folder, which contains nothing to lose. */
function isGone(pushGit: string): boolean {
  try {
    rmdirSync(pushGit);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Creates a new push.git. Returns the path of the old one, or null if there was none. */
async function makeAgain(home: Home, sources: Sources, fresh: string): Promise<string | null> {
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: CLOSED });
  await gitOn(fresh).raw(['init', '--bare', '--quiet', `--initial-branch=${sources.branch}`]);
  await fill(fresh, home, sources);
  await flushFileSystems([fresh]);
  const aside = existsSync(home.pushGit) ? freeName(home.pushGit) : null;
  if (aside !== null) renameSync(home.pushGit, aside);
  renameSync(fresh, home.pushGit);
  return aside;
}

function freeName(pushGit: string): string {
  const name = (number: number): string => path.join(path.dirname(pushGit), `push-broken-${number}.git`);
  let number = 1;
  while (existsSync(name(number))) number += 1;
  return name(number);
}

/** Copies every branch and tag with readable commits into a new repository, each at its newest readable state. */
async function fill(fresh: string, home: Home, { root, branch, live, isSource }: Sources): Promise<void> {
  const mirror = isSource ? refsIn(home.mirrorGit, 'refs/heads') : new Map<string, Commit[]>();
  const wanted = refsToRestore(refsIn(home.pushGit, 'refs'), mirror, hasLostPackedRefs(home.pushGit));
  const own = `refs/heads/${branch}`;
  if (isSource && live !== null)
    for (const ref of [own, LIVE_REF]) wanted.set(ref, [...(wanted.get(ref) ?? []), live]);
  const shallow = [home.pushGit, ...(isSource ? [home.mirrorGit] : [])].flatMap((each) =>
    commitLines(textOf(path.join(each, 'shallow'))),
  );
  if (shallow.length > 0) writeFileSync(path.join(fresh, 'shallow'), `${[...new Set(shallow)].join('\n')}\n`);
  const stores = await objectStores(home, root);
  for (const [ref, commits] of wanted) {
    for (const commit of commits) {
      if (!(await bring(fresh, commit, stores))) continue;
      await gitSilently(fresh, ['update-ref', ref, commit]).catch(() => undefined);
      break;
    }
  }
}

/**
 * Copies a commit and its history. A damaged object in one store hides the intact one in another, so each
 * store is tried first once.
 */
async function bring(fresh: string, commit: Commit, stores: string[]): Promise<boolean> {
  for (const first of stores) {
    const order = [first, ...stores.filter((store) => store !== first)];
    if (await pack(fresh, commit, order)) return true;
  }
  return false;
}

async function pack(fresh: string, commit: Commit, stores: string[]): Promise<boolean> {
  const args = ['pack-objects', '--revs', '--quiet', path.join(fresh, 'objects', 'pack', 'pack')];
  const packing = run('git', args, {
    cwd: fresh,
    env: {
      ...gitEnvironment(process.env),
      GIT_DIR: fresh,
      // git unquotes a path that starts with a quotation mark; an unquoted one ends at its first colon
      GIT_ALTERNATE_OBJECT_DIRECTORIES: stores.map((store) => JSON.stringify(store)).join(':'),
    },
  });
  packing.child.stdin?.on('error', () => undefined).end(`${commit}\n`);
  return packing.then(
    () => true,
    () => false,
  );
}

/** The object folders to read from, best first. */
async function objectStores({ pushGit, mirrorGit }: Home, root: string): Promise<string[]> {
  const own = await gitIn(root)
    .raw(['rev-parse', '--git-path', 'objects'])
    .then((found) => [path.resolve(root, found.trim())])
    .catch(() => []);
  return [...[pushGit, mirrorGit].map((each) => path.join(each, 'objects')), ...own].filter(existsSync);
}

/**
 * Reads the refs of a repository that git itself may refuse to read. A ref can have several commits: the one in its own
 * file precedes the packed one.
 */
function refsIn(repository: string, below: string): Map<string, Commit[]> {
  const folder = path.join(repository, below);
  const loose = namesBelow(folder).map((name) => ({
    ref: `${below}/${name}`,
    text: textOf(path.join(folder, name)),
  }));
  return readableRefs(loose, textOf(path.join(repository, 'packed-refs')), below);
}

function namesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(path.join(folder, name)).isFile(),
    );
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
