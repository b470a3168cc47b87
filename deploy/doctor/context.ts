/**
 * The inputs of all checks, each read once and shared. Reading changes nothing: SQLite modifies a journal when it
 * closes it, so the checks read a copy.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Config } from '../config/load';
import { configNow } from '../config/current';
import { loadConfig, slotsOf } from '../config/load';
import { settingsFrom } from '../config/settings';
import type { Deployment } from '../core/deployment';
import type { RunningSlot, Slot } from '../core/slot';
import type { Table } from '../core/traffic-table';
import type { Home } from '../home/home';
import { resolveHome } from '../home/home';
import { isLocked } from '../journal/deployment-lock';
import { Journal } from '../journal/journal';
import { createRuntime } from '../runtimes';
import type { DeployerStatus } from '../runtimes/pm2/deployer';
import { deployerStatus } from '../runtimes/pm2/deployer';
import { callPm2, Pm2Down } from '../runtimes/pm2/rpc';
import { savedSettings, readSettings } from '../config/saved-settings';
import { findNginx, type NginxBinary } from '../traffic/nginx-binary';
import { linkedTable } from '../traffic/table-folder';
import { pushDamage } from '../git/push-damage';
import { NotChecked } from './finding';
import { ASK_MS } from './timeouts';

export interface DoctorContext {
  /** The clone. */
  root: string;
  env: NodeJS.ProcessEnv;
  /** Throws E_HOME. */
  home: () => Home;
  /** The configuration in force. Throws E_CONFIG, E_HOME. */
  config: () => Config;
  /** The configuration that the next start would use. Throws E_CONFIG, E_HOME. */
  wanted: () => Config;
  /** The configuration in force or, if none can be loaded, the settings of the last start alone. Throws E_HOME. */
  ports: () => Config;
  slots: () => Slot[];
  /** A copy of the journal that SQLite may modify. */
  journalCopy: () => Pick<Home, 'dir' | 'journal'>;
  /** Throws SQLite's own error if the journal is broken. */
  journal: () => Journal;
  /** The deployment that is live according to the journal; null before the first. */
  lastLive: () => Deployment | null;
  /** The deployment in progress when the journal was copied; its process may have died. */
  atWork: () => Deployment | null;
  /** True if a deployment's process was alive when the journal was copied. */
  wasLocked: () => boolean;
  /** Throws E_UNREADABLE_TABLE. */
  table: () => Table;
  /** The version of PM2's daemon. Throws E_RUNTIME if it does not answer, or Pm2Down if it is not running. */
  pm2: () => Promise<string>;
  /** Throws E_ENGINE, and NotChecked if PM2's daemon hangs. */
  running: () => Promise<RunningSlot[]>;
  /** Why push.git cannot receive or serve commits; null if it is intact. */
  pushDamage: () => Promise<string | null>;
  /** Throws NotChecked if PM2's daemon hangs. */
  deployer: () => Promise<DeployerStatus | null>;
  /** Throws E_NO_NGINX, E_NGINX_TOO_OLD. */
  nginx: () => Promise<NginxBinary>;
  /** Removes the copy of the journal. */
  close: () => void;
}

export function doctorContextAt(root: string, env: NodeJS.ProcessEnv): DoctorContext {
  const folder: { copy: string | null } = { copy: null };
  const home = once(() => resolveHome(root, env));
  const config = once(() =>
    loadConfig(root, readSettings(home().settings), { file: home().checkedConfig, build: null }),
  );
  // the home has no deploy.config.js, so this loads only the settings in force
  const ports = once(
    () => attempt(() => configNow(home(), root)) ?? loadConfig(home().dir, readSettings(home().settings)),
  );
  // a lock that this user may not open is a fault that the check `home` reports
  const hasLock = (): boolean => existsSync(home().lock) && (attempt(() => isLocked(home())) ?? false);
  const snapshot = once(() => {
    folder.copy = temporaryFolder();
    const before = hasLock();
    const journal = copyOfJournal(home().journal, folder.copy);
    return { copy: { dir: home().dir, journal }, wasLocked: before || hasLock() };
  });
  const journalCopy = (): Pick<Home, 'dir' | 'journal'> => snapshot().copy;
  const journal = once(() => Journal.open(journalCopy()));
  const pm2 = once(() => callPm2<string>(home(), 'getVersion', {}, ASK_MS));
  const unlessHung = async (): Promise<void> => {
    try {
      await pm2();
    } catch (error) {
      // processes are found even without a daemon
      if (!(error instanceof Pm2Down)) throw new NotChecked('see process manager');
    }
  };
  return {
    root,
    env,
    home,
    config,
    wanted: once(() => loadConfig(root, { ...savedSettings(home().settings), ...settingsFrom(env) })),
    ports,
    slots: () => slotsOf(ports()),
    journalCopy,
    journal,
    lastLive: once(() => journal().lastLive()),
    atWork: once(() => journal().active()),
    wasLocked: () => snapshot().wasLocked,
    table: once(() => linkedTable(home())),
    pm2,
    running: once(async () => {
      if (ports().runtime === 'pm2') await unlessHung();
      return createRuntime({ home: home(), root, config: ports() }).list();
    }),
    pushDamage: once(() => pushDamage(home(), ASK_MS)),
    deployer: once(async () => {
      await unlessHung();
      return deployerStatus({ home: home() });
    }),
    nginx: once(() => findNginx(env.PATH ?? '')),
    close() {
      if (folder.copy === null) return;
      attempt(journal)?.close();
      rmSync(folder.copy, { recursive: true, force: true });
    },
  };
}

/** Caches the result or the error of the first call. */
function once<T>(look: () => T): () => T {
  let seen: { value: T } | { error: unknown } | undefined;
  return () => {
    seen ??= tryOnce(look);
    if ('error' in seen) throw seen.error;
    return seen.value;
  };
}

function tryOnce<T>(look: () => T): { value: T } | { error: unknown } {
  try {
    return { value: look() };
  } catch (error) {
    return { error };
  }
}

/** Returns null instead of throwing. */
function attempt<T>(look: () => T): T | null {
  const seen = tryOnce(look);
  return 'error' in seen ? null : seen.value;
}

/** Prefers memory (/dev/shm), because the disk may be full. */
function temporaryFolder(): string {
  const places = ['/dev/shm', tmpdir()];
  for (const place of places) {
    const made = attempt(() => mkdtempSync(path.join(place, 'switchyard-doctor-')));
    if (made !== null) return made;
  }
  throw new Error(`no temporary folder can be made in ${places.join(' or ')}`);
}

/** Copies the database and its WAL. Repeats the copy if another process's checkpoint changes the database during it. */
function copyOfJournal(journal: string, folder: string): string {
  const copy = path.join(folder, 'journal.db');
  for (;;) {
    const before = changedAt(journal);
    copyFileSync(journal, copy);
    rmSync(`${copy}-wal`, { force: true });
    if (existsSync(`${journal}-wal`)) attempt(() => copyFileSync(`${journal}-wal`, `${copy}-wal`));
    if (changedAt(journal) === before) return copy;
  }
}

function changedAt(file: string): number {
  return statSync(file).mtimeMs;
}
