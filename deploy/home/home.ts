/**
 * The home: the files that Switchyard keeps on the machine, and their paths. It is never inside the clone, where a
 * release would resolve a missing dependency from the clone's node_modules.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { KnownError } from '../core/errors';
import { hookValue } from '../core/hook-value';

export interface Home {
  dir: string;
  /** Environment settings given to `npm start`, for later commands. */
  settings: string;
  /** The webhook secret, 0600. */
  secret: string;
  /** The secret before the last rotation and how long it stays valid, 0600. */
  earlierSecret: string;
  /** A summary of the webhooks that were refused, 0600. */
  deliveries: string;
  /** The deployer's control socket; any user who can open it can deploy. */
  socket: string;
  /** The last validated configuration, 0600. */
  checkedConfig: string;
  journal: string;
  lock: string;
  pushGit: string;
  mirrorGit: string;
  releases: string;
  /** Files of a commit, checked out in advance for the next release. */
  ready: string;
  modules: string;
  tables: string;
  /** A spare link to each table, so that a shift needs no inode. */
  links: string;
  /** Symbolic link to the current table. */
  traffic: string;
  /** While a release is held: an empty file `<token>.<slot>` for each preview token. */
  preview: string;
  /** Pages that nginx serves in place of the app. */
  pages: string;
  logs: string;
  accessLog: string;
  /** The notification URL given to npm start, 0600. */
  notifyUrl: string;
  /** The last event that each receiver got. */
  notified: string;
  /** The app's own environment: one file of variables per number, 0700. */
  env: string;
  /** The app's own data, shared by its slots, 0700. */
  shared: string;
  nginx: string;
  pm2: string;
  /** The Compose files of each slot, 0700, since they may contain the app's secrets. */
  compose: string;
}

/** A unix socket's path is limited to 107 bytes; the longest one needs this many below the home. */
const LONGEST_SOCKET_BELOW_HOME = 30;
const SOCKET_PATH_LIMIT = 107;

/** The paths of a home, without access to the disk. */
export function homeAt(dir: string): Home {
  const at = (...parts: string[]): string => path.join(dir, ...parts);
  return {
    dir,
    settings: at('settings.json'),
    checkedConfig: at('config.json'),
    secret: at('secret'),
    earlierSecret: at('secret-before.json'),
    deliveries: at('deliveries.json'),
    socket: at('deployer.sock'),
    journal: at('journal.db'),
    lock: at('lock.db'),
    pushGit: at('push.git'),
    mirrorGit: at('mirror.git'),
    releases: at('releases'),
    ready: at('ready'),
    modules: at('modules'),
    tables: at('tables'),
    links: at('links'),
    traffic: at('traffic'),
    preview: at('preview'),
    pages: at('pages'),
    logs: at('logs'),
    accessLog: at('logs', 'access.log'),
    notifyUrl: at('notify-url'),
    notified: at('notified.json'),
    env: at('env'),
    shared: at('shared'),
    nginx: at('nginx'),
    pm2: at('pm2'),
    compose: at('compose'),
  };
}

/**
 * The home of the clone at `root`: SWITCHYARD_HOME, the one it was started with, the one it had before it was moved, or
 * a folder named after the clone and its path, so that two clones never share one. Throws E_HOME.
 */
export function resolveHome(root: string, env: NodeJS.ProcessEnv): Home {
  const given = env.SWITCHYARD_HOME ? path.resolve(env.SWITCHYARD_HOME) : rememberedHome(root);
  const dir = given ?? homeOfMoved(root, homeAt(defaultHome(root, env))) ?? defaultHome(root, env);
  if (isWithin(realPath(root), realPath(dir))) {
    throw new KnownError('E_HOME', `The home ${dir} lies inside the clone ${root}.`);
  }
  if (Buffer.byteLength(dir) > SOCKET_PATH_LIMIT - LONGEST_SOCKET_BELOW_HOME) {
    throw new KnownError('E_HOME', `The home's path is too long for unix sockets: ${dir}`);
  }
  return homeAt(dir);
}

/** Stores a home that is not the default in the clone's git config, so that later commands find it. */
export function rememberHome(root: string, home: Home, env: NodeJS.ProcessEnv): void {
  if (home.dir !== defaultHome(root, env) || rememberedHome(root) !== null) {
    execFileSync('git', ['config', '--local', gitKey(root), home.dir], { cwd: root, env: withoutGit(env) });
  }
}

/**
 * The home of a clone that was moved. A default home is named after the clone's path, so a moved clone would start with
 * an empty one. The clone's remote `live` still points to the old home, whose hook names the clone's old path. A copy
 * next to its original does not share the home.
 */
function homeOfMoved(root: string, byPath: Home): string | null {
  if (existsSync(byPath.settings)) return null;
  const dir = pushedHome(root);
  if (dir === null) return null;
  const before = rootOfHome(homeAt(dir));
  if (before === null || before === root) return null;
  // the old path may be a link to the new one
  return realPath(before) !== realPath(root) && ownsHome(before, dir) ? null : dir;
}

/** The clone that a home was last started from; null if the home does not exist. */
export function rootOfHome(home: Pick<Home, 'settings' | 'pushGit'>): string | null {
  const hook = path.join(home.pushGit, 'hooks', 'pre-receive');
  if (!existsSync(home.settings) || !existsSync(hook)) return null;
  return hookValue(readFileSync(hook, 'utf8'), 'SWITCHYARD_ROOT');
}

/** False if another clone is at the path by now. */
function ownsHome(root: string, dir: string): boolean {
  return existsSync(root) && (pushedHome(root) === dir || rememberedHome(root) === dir);
}

/** The home that the clone's remote `live` points to. */
function pushedHome(root: string): string | null {
  const url = gitValue(root, 'remote.live.url');
  return url === null || path.basename(url) !== 'push.git' ? null : path.dirname(url);
}

function rememberedHome(root: string): string | null {
  return gitValue(root, gitKey(root));
}

function gitValue(root: string, key: string): string | null {
  try {
    const kept = execFileSync('git', ['config', '--local', '--get', key], {
      cwd: root,
      env: withoutGit(process.env),
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    }).trim();
    return kept === '' ? null : kept;
  } catch {
    return null; // none is stored, or this is not a clone
  }
}

/** A hook's GIT_DIR would make git use another repository, and this git call needs no secrets. */
function withoutGit(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const fitting = ([name]: [string, unknown]): boolean => !/^(GIT_|WEBHOOK_SECRET$|NOTIFY_URL$)/.test(name);
  return Object.fromEntries(Object.entries(env).filter(fitting));
}

function defaultHome(root: string, env: NodeJS.ProcessEnv): string {
  const word = path
    .basename(root)
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .slice(0, 24);
  const name = `${word}-${markOf(root)}`;
  if (process.getuid?.() === 0) return path.join('/var/lib/switchyard', name);
  // the specification ignores a relative path: https://specifications.freedesktop.org/basedir-spec
  const state = path.isAbsolute(env.XDG_STATE_HOME ?? '') ? env.XDG_STATE_HOME : undefined;
  return path.join(state ?? path.join(homedir(), '.local', 'state'), 'switchyard', name);
}

/** A copy of the clone, or a second work tree, has the same git config, so the key contains a hash of the path. */
function gitKey(root: string): string {
  return `switchyard.${markOf(root)}.home`;
}

function markOf(root: string): string {
  return createHash('sha256').update(root).digest('hex').slice(0, 6);
}

/** The path without symbolic links, even for a file that does not exist yet. */
function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    const parent = path.dirname(file);
    return parent === file ? file : path.join(realPath(parent), path.basename(file));
  }
}

function isWithin(folder: string, file: string): boolean {
  return `${file}/`.startsWith(folder === '/' ? '/' : `${folder}/`);
}
