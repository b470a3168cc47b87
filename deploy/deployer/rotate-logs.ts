/**
 * Begins new log files where the old ones have grown too large. A log is renamed while it is written to; then its
 * writers, nginx and PM2, are asked to open it anew, and until they do they go on in the renamed one: no line is lost,
 * nobody waits, and nginx is not reloaded.
 */
import {
  closeSync,
  copyFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { configNow } from '../config/current';
import { KnownError } from '../core/errors';
import { bytesOf } from '../core/capacity';
import type { Older } from '../core/rotation';
import { decideRenames, decideTidying, nameOf, olderFiles } from '../core/rotation';
import type { Home } from '../home/home';
import { allOpenFiles } from '../os/open-files';
import { DEPLOYER, slotAppName } from '../runtimes/pm2/definitions';
import { askPm2 } from '../runtimes/pm2/rpc';
import { NGINX_LOGS, staleNginxLogs, stalePm2Logs } from './stale-logs';
import { makeLogFolder } from '../traffic/log-folder';
import { masterOf } from '../traffic/nginx-processes';
import type { DeployContext } from '../context';

/** Each deployment's process opens it for itself. */
const DEPLOYMENTS_LOG = 'deployments.log';
/** What PM2's daemon says itself, on its standard output, which nobody can make it open anew. */
const PM2_OWN_LOG = 'pm2.log';
const LOOK_EVERY_MS = 10;
const LET_GO_WITHIN_MS = 5000;

/** One look at all logs. Throws the first failure, such as of a writer that does not let go of a renamed one, at the end. */
export async function rotate(context: DeployContext): Promise<void> {
  const { home, journal } = context;
  const { keep } = configNow(home, context.root);
  const pm2Logs = [DEPLOYER, ...context.slots.map(({ name }) => slotAppName(name))].map(
    (name) => `${name}.log`,
  );
  const logs = [...NGINX_LOGS, ...pm2Logs, DEPLOYMENTS_LOG];
  const tooLarge = (folder: string, log: string): boolean => sizeOf(folder, log) > bytesOf(keep.logSize);
  const failures: unknown[] = [];
  // a log that fails keeps no other from its turn
  const attempt = async (work: () => void | Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  };
  for (const log of logs) if (tooLarge(home.logs, log)) await attempt(() => beginNew(home.logs, log));
  if (tooLarge(home.pm2, PM2_OWN_LOG)) await attempt(() => moveContent(home.pm2, PM2_OWN_LOG));
  await Promise.all([attempt(() => nginxLetsGo(home)), attempt(() => pm2LetsGo(home))]);
  // a deployment counts requests from a place in the log, which must stay where it is
  if (journal.active() === null) for (const log of logs) await attempt(() => tidy(home.logs, log, keep.logs));
  await attempt(() => tidy(home.pm2, PM2_OWN_LOG, keep.logs));
  if (failures.length > 0) throw failures[0];
}

function beginNew(folder: string, log: string): void {
  const newest = roomForNewest(folder, log);
  const file = path.join(folder, log);
  const { mode } = statSync(file);
  renameSync(file, newest);
  // whoever is quicker: nginx would let everyone read the one it makes
  writeFileSync(file, '', { mode, flag: 'a' });
}

/** For a log that is kept open: it is written to at its end, wherever that is. What comes in this very moment is lost. */
function moveContent(folder: string, log: string): void {
  const file = path.join(folder, log);
  const copy = `${file}.new`;
  try {
    // first of all: it fails on a full disk, and then nothing has changed
    copyFileSync(file, copy);
    renameSync(copy, roomForNewest(folder, log));
  } finally {
    rmSync(copy, { force: true });
  }
  truncateSync(file);
}

/** Moves the older files on. Returns the path of the one that is free then. */
function roomForNewest(folder: string, log: string): string {
  const at = (older: Older): string => path.join(folder, nameOf(log, older));
  for (const { from, to } of decideRenames(olderFiles(log, readdirSync(folder))))
    renameSync(at(from), at(to));
  return at({ number: 1, packed: false });
}

/** Also when an earlier turn was killed between the rename and the signal, or when an operator removed a log. */
async function nginxLetsGo(home: Home): Promise<void> {
  const holds = (): boolean => staleNginxLogs(home).length > 0;
  const master = masterOf(home);
  if (master === null || !holds()) return;
  makeLogFolder(home);
  for (const log of NGINX_LOGS) makeMissing(path.join(home.logs, log));
  process.kill(master, 'SIGUSR1');
  if (!(await until(() => !holds()))) {
    const still = staleNginxLogs(home).join(' and ');
    throw new KnownError('E_NGINX', `nginx still writes to ${still}.`, 'Find out why: npm run -s doctor');
  }
}

async function pm2LetsGo(home: Home): Promise<void> {
  const holds = (): boolean => stalePm2Logs(home).length > 0;
  if (!holds()) return;
  await askPm2(home, 'reloadLogs');
  if (!(await until(() => !holds()))) {
    const still = stalePm2Logs(home).join(' and ');
    throw new KnownError('E_RUNTIME', `PM2 still writes to ${still}.`, 'Find out why: npm run -s doctor');
  }
}

function makeMissing(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
}

async function tidy(folder: string, log: string, keep: number): Promise<void> {
  const older = existsSync(folder) ? olderFiles(log, readdirSync(folder)) : [];
  if (!older.some(({ number, packed }) => number > keep || (number > 1 && !packed))) return;
  const open = allOpenFiles();
  const file = (each: Older): string => path.join(folder, nameOf(log, each));
  for (const { do: what, older: each } of decideTidying(older, keep, (candidate) =>
    open.has(file(candidate)),
  )) {
    if (what === 'remove') rmSync(file(each), { force: true });
    else await pack(file(each));
  }
}

/** Packed beside its place: there is always one whole file of it. */
async function pack(file: string): Promise<void> {
  const fresh = `${file}.gz.new`;
  try {
    await pipeline(createReadStream(file), createGzip(), createWriteStream(fresh, { mode: 0o600 }));
    renameSync(fresh, `${file}.gz`);
    rmSync(file);
  } finally {
    rmSync(fresh, { force: true });
  }
}

function sizeOf(folder: string, log: string): number {
  const file = path.join(folder, log);
  return existsSync(file) ? statSync(file).size : 0;
}

async function until(condition: () => boolean): Promise<boolean> {
  const deadline = performance.now() + LET_GO_WITHIN_MS;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}
