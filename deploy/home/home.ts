/**
 * The home: everything Switchyard keeps on the machine, and where. Never inside the clone, where a
 * release's missing dependency would resolve from the clone's node_modules.
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
  /** Environment settings that `npm start` was given; later commands read them here. */
  settings: string;
  /** The webhook's secret, 0600. */
  secret: string;
  /** The deployer's control socket: whoever may open it may deploy. */
  socket: string;
  /** The configuration as it was checked last, 0600. */
  checkedConfig: string;
  journal: string;
  lock: string;
  pushGit: string;
  mirrorGit: string;
  releases: string;
  /** A commit's files, checked out for whoever makes the next release. */
  ready: string;
  modules: string;
  tables: string;
  /** A link to each table, in reserve. */
  links: string;
  /** Symbolic link to the table in force. */
  traffic: string;
  /** While a release is held: an empty file `<token>.<slot>` for those who may try it. */
  preview: string;
  /** Pages that nginx shows in the place of the app. */
  pages: string;
  logs: string;
  accessLog: string;
  /** The URL to notify that npm start was given, 0600. */
  notifyUrl: string;
  /** How far each receiver of notifications has been told. */
  notified: string;
  /** The app's own environment: a file of variables for each number, 0700. */
  env: string;
  /** The app's own data, shared by its slots, 0700. */
  shared: string;
  nginx: string;
  pm2: string;
  /** What Compose is told of each slot, 0700: it may hold the app's secrets. */
  compose: string;
}

/** A unix socket's path has at most 107 bytes; the longest of ours lies this much below the home. */
const LONGEST_SOCKET_BELOW_HOME = 30;
const SOCKET_PATH_LIMIT = 107;

/** The folders and files of a home, without touching the disk. */
export function homeAt(dir: string): Home {
  const at = (...parts: string[]): string => path.join(dir, ...parts);
  return {
    dir,
    settings: at('settings.json'),
    checkedConfig: at('config.json'),
    secret: at('secret'),
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
 * The home of the clone at `root`: SWITCHYARD_HOME, the one it was started with, the one it had before it was moved, or a
 * folder of this user's that is named after the clone and its path, so that two clones never share one. Throws E_HOME.
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

/** Keeps a home that is not the default in the clone's git config, so that later commands find it. */
export function rememberHome(root: string, home: Home, env: NodeJS.ProcessEnv): void {
  if (home.dir !== defaultHome(root, env) || rememberedHome(root) !== null) {
    execFileSync('git', ['config', '--local', gitKey(root), home.dir], { cwd: root, env: withoutGit(env) });
  }
}

/**
 * A default home is named after the clone's path: a clone that was moved would begin with a new and empty one. Its pushes
 * still lead to the home it had, whose hooks lead to where the clone was. A copy beside its original has no part in that.
 */
function homeOfMoved(root: string, byPath: Home): string | null {
  if (existsSync(byPath.settings)) return null;
  const dir = pushedHome(root);
  if (dir === null) return null;
  const before = rootOfHome(homeAt(dir));
  if (before === null || before === root) return null;
  // its old path may be a link to the new one
  return realPath(before) !== realPath(root) && ownsHome(before, dir) ? null : dir;
}

/** The clone that a home was last started from; null for a home that is not there. */
export function rootOfHome(home: Pick<Home, 'settings' | 'pushGit'>): string | null {
  const hook = path.join(home.pushGit, 'hooks', 'pre-receive');
  if (!existsSync(home.settings) || !existsSync(hook)) return null;
  return hookValue(readFileSync(hook, 'utf8'), 'SWITCHYARD_ROOT');
}

/** Another clone may be at the path by now. */
function ownsHome(root: string, dir: string): boolean {
  return existsSync(root) && (pushedHome(root) === dir || rememberedHome(root) === dir);
}

/** The home that the clone's remote `live` leads to. */
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
    return null; // none is kept, or this is no clone
  }
}

/** A hook's GIT_DIR would lead git to another repository, and no secret is any of git's business. */
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
  // a relative one is to be ignored: https://specifications.freedesktop.org/basedir-spec
  const state = path.isAbsolute(env.XDG_STATE_HOME ?? '') ? env.XDG_STATE_HOME : undefined;
  return path.join(state ?? path.join(homedir(), '.local', 'state'), 'switchyard', name);
}

/** A copy of the clone, or a second work tree of it, has the same git config; the path in the key keeps them apart. */
function gitKey(root: string): string {
  return `switchyard.${markOf(root)}.home`;
}

function markOf(root: string): string {
  return createHash('sha256').update(root).digest('hex').slice(0, 6);
}

/** The path without symbolic links, also of what is not there yet. */
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
