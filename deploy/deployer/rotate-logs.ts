/**
 * Rotates logs that have grown too large. A log is renamed while it is open; then its writers, nginx and PM2, are asked
 * to reopen it. Until they do they write to the renamed file, so no line is lost, nothing blocks, and nginx is not
 * reloaded.
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
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { configNow } from '../config/current';
import { KnownError } from '../core/errors';
import { parseSize } from '../core/capacity';
import type { RotatedFile } from '../core/rotation';
import { decideRenames, decideRotationTasks, rotatedName, rotatedFiles } from '../core/rotation';
import type { Home } from '../home/home';
import { namesIn } from '../os/names-in';
import { allOpenFiles } from '../os/open-files';
import { DEPLOYER, slotAppName } from '../runtimes/pm2/definitions';
import { callPm2 } from '../runtimes/pm2/rpc';
import { capLogs } from './cap-logs';
import { NGINX_LOGS, staleNginxLogs, stalePm2Logs } from './stale-logs';
import { makeLogFolder } from '../traffic/worker-folders';
import { masterOf } from '../traffic/nginx-processes';
import type { DeployContext } from '../context';
import type { Wait } from '../os/wait-until';
import { waitUntil } from '../os/wait-until';

/** Each deployment's process opens it itself. */
const DEPLOYMENTS_LOG = 'deployments.log';
/** The standard output of PM2's daemon, which cannot reopen it on request. */
const PM2_OWN_LOG = 'pm2.log';
/** How long a writer may take to open the new log. */
const REOPENS: Wait = { everyMs: 10, withinMs: 5000 };

/** Rotates all logs once. Throws the first failure at the end, such as a writer that keeps a renamed log open. */
export async function rotate(context: DeployContext): Promise<void> {
  const { home, journal } = context;
  const { keep } = configNow(home, context.root);
  const logs = rotatedLogs(context);
  const tooLarge = (folder: string, log: string): boolean => sizeOf(folder, log) > parseSize(keep.logSize);
  const failures: unknown[] = [];
  // one failing log must not prevent the rotation of the others
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
  // a deployment counts requests from a position in the log; a held one may wait for days before it counts
  const isCounting = ![undefined, 'holding'].includes(journal.active()?.state);
  if (!isCounting) for (const log of logs) await attempt(() => tidy(home.logs, log, keep.logs));
  await attempt(() => tidy(home.pm2, PM2_OWN_LOG, keep.logs));
  await attempt(() => capLogs(home, parseSize(keep.logDisk), isCounting));
  if (failures.length > 0) throw failures[0];
}

/** True if a log exceeds `keep.logSize`. Takes one `stat` for each log, which is cheap enough every few seconds. */
export function isRotationDue(context: DeployContext): boolean {
  const { home, config } = context;
  const limit = parseSize(config.keep.logSize);
  return (
    rotatedLogs(context).some((log) => sizeOf(home.logs, log) > limit) ||
    sizeOf(home.pm2, PM2_OWN_LOG) > limit
  );
}

function rotatedLogs({ slots }: DeployContext): string[] {
  const pm2Logs = [DEPLOYER, ...slots.map(({ name }) => slotAppName(name))].map((name) => `${name}.log`);
  return [...NGINX_LOGS, ...pm2Logs, DEPLOYMENTS_LOG];
}

function beginNew(folder: string, log: string): void {
  const newest = roomForNewest(folder, log);
  const file = path.join(folder, log);
  const { mode } = statSync(file);
  renameSync(file, newest);
  // creates the file before nginx does, because nginx would make it world-readable
  writeFileSync(file, '', { mode, flag: 'a' });
}

/**
 * Truncates a log in place, for a writer that never reopens it but always appends. Loses lines written at this very
 * moment.
 */
function moveContent(folder: string, log: string): void {
  const file = path.join(folder, log);
  const copy = `${file}.new`;
  try {
    // copies first: on a full disk this fails before anything has changed
    copyFileSync(file, copy);
    renameSync(copy, roomForNewest(folder, log));
  } finally {
    rmSync(copy, { force: true });
  }
  truncateSync(file);
}

/** Renames the older files. Returns the path that is then free. */
function roomForNewest(folder: string, log: string): string {
  const at = (older: RotatedFile): string => path.join(folder, rotatedName(log, older));
  for (const { from, to } of decideRenames(rotatedFiles(log, readdirSync(folder))))
    renameSync(at(from), at(to));
  return at({ number: 1, packed: false });
}

/** Also fixes a rotation that was killed between rename and signal, or a log that an operator removed. */
async function nginxLetsGo(home: Home): Promise<void> {
  const holds = (): boolean => staleNginxLogs(home).length > 0;
  const master = masterOf(home);
  if (master === null || !holds()) return;
  makeLogFolder(home);
  for (const log of NGINX_LOGS) makeMissing(path.join(home.logs, log));
  process.kill(master, 'SIGUSR1');
  if (!(await waitUntil(() => !holds(), REOPENS))) {
    const still = staleNginxLogs(home).join(' and ');
    throw new KnownError('E_NGINX', `nginx still writes to ${still}.`, 'Find out why: ./switchyard doctor');
  }
}

async function pm2LetsGo(home: Home): Promise<void> {
  const holds = (): boolean => stalePm2Logs(home).length > 0;
  if (!holds()) return;
  await callPm2(home, 'reloadLogs');
  if (!(await waitUntil(() => !holds(), REOPENS))) {
    const still = stalePm2Logs(home).join(' and ');
    throw new KnownError('E_RUNTIME', `PM2 still writes to ${still}.`, 'Find out why: ./switchyard doctor');
  }
}

function makeMissing(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
}

async function tidy(folder: string, log: string, keep: number): Promise<void> {
  const older = rotatedFiles(log, namesIn(folder));
  if (!older.some(({ number, packed }) => number > keep || (number > 1 && !packed))) return;
  const open = allOpenFiles();
  const file = (each: RotatedFile): string => path.join(folder, rotatedName(log, each));
  for (const { do: what, older: each } of decideRotationTasks(older, keep, (candidate) =>
    open.has(file(candidate)),
  )) {
    if (what === 'remove') rmSync(file(each), { force: true });
    else await pack(file(each));
  }
}

/** Compresses into a temporary file first, so that one complete file always exists. */
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
