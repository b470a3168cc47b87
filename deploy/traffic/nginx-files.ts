/** Generates and writes nginx's configuration files in the home. */
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { slotsOf, type Config } from '../config/load';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { writeAtomically } from '../os/atomic-write';
import type { NginxBinary } from './nginx-binary';
import { render, valuesFor, type NginxSettings } from './render';
import type { WorkerUser } from './worker-user';
import { makeLogFolder, makeWorkerFolder } from './worker-folders';

/** A few workers already handle far more requests than the apps can; more would only keep more idle connections. */
const MOST_WORKERS = 4;
/**
 * The number of connections that a worker can hold. It may open twice as many files, because it buffers large bodies in
 * files.
 */
export const WORKER_CONNECTIONS = 32_768;
export const WORKER_FILES = 2 * WORKER_CONNECTIONS;
/** nginx treats these characters as syntax, even in quotes; a colon would end a unix socket's path. */
const UNUSABLE_IN_A_PATH = /["'$\\:;{}\n\r]/;

export const configFile = (home: Home): string => path.join(home.nginx, 'nginx.conf');
export const errorLog = (home: Home): string => path.join(home.logs, 'nginx-error.log');

/** The socket on which nginx itself responds, with the mark of its configuration. */
export const statusSocket = ({ nginx }: Pick<Home, 'nginx'>): string => path.join(nginx, 'status.sock');

/** All sockets that site.conf names: the slots' backup servers and the status. */
export const socketFiles = (home: Home, config: Config): string[] => [
  ...slotsOf(config).map((slot) => path.join(home.nginx, `after-${slot.name}.sock`)),
  statusSocket(home),
];

/** Writes nginx.conf and site.conf. Throws E_HOME for a path that nginx's configuration language cannot express. */
export function writeConfiguration(
  home: Home,
  config: Config,
  binary: NginxBinary,
  user: WorkerUser | null,
): void {
  if (UNUSABLE_IN_A_PATH.test(home.dir)) {
    throw new KnownError(
      'E_HOME',
      `nginx cannot use a path like ${home.dir}`,
      'Choose a SWITCHYARD_HOME of letters, digits, dots and dashes.',
    );
  }
  makeWorkerFolder(home.nginx, user);
  makeLogFolder(home, user);
  for (const log of [home.accessLog, errorLog(home)]) makePrivate(log);
  makePage(home);
  writeFiles(home.nginx, configurationFor(home, config, binary, user).files);
}

/**
 * Writes a configuration's files into a folder. Each file is replaced atomically, so a full disk or a kill never
 * leaves a half-written one.
 */
export function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files))
    writeAtomically(path.join(folder, name), text, { mode: 0o644 });
}

/** The names of the files in the home that differ from this configuration. */
export function changedFiles({ nginx }: Home, { files }: NginxConfiguration): string[] {
  return Object.keys(files).filter((name) => textOf(path.join(nginx, name)) !== files[name]);
}

/** The current contents of this configuration's files in the home; missing files are left out. */
export function writtenFiles({ nginx }: Home, { files }: NginxConfiguration): Record<string, string> {
  const texts = Object.keys(files).map((name) => [name, textOf(path.join(nginx, name))]);
  return Object.fromEntries(texts.filter(([, text]) => text !== null)) as Record<string, string>;
}

/** The mark of the configuration in the home, normally the loaded one; null if there is none. */
export function writtenMark({ nginx }: Pick<Home, 'nginx'>): string | null {
  const site = textOf(path.join(nginx, 'site.conf')) ?? '';
  return /X-Switchyard-Configuration "(\w+)"/.exec(site)?.[1] ?? null;
}

export interface NginxConfiguration {
  /** A hash of all files. nginx reports it, so the loaded configuration can be identified. */
  mark: string;
  /** The text of each file, by its name in the home's nginx/ folder. */
  files: Record<string, string>;
}

/** Generates the configuration that writeConfiguration would write, without writing it. */
export function configurationFor(
  home: Home,
  config: Config,
  binary: NginxBinary,
  user: WorkerUser | null,
): NginxConfiguration {
  const settings = settingsFor(home, config, binary, user);
  const unmarked = filledIn(settings, '');
  const mark = createHash('sha256').update(JSON.stringify(unmarked)).digest('hex').slice(0, 16);
  return { mark, files: filledIn(settings, mark) };
}

function filledIn(settings: NginxSettings, mark: string): Record<string, string> {
  const values = valuesFor(settings, mark);
  const texts = ['nginx.conf', 'site.conf'].map((name) => {
    const template = readFileSync(path.join(templateFolder(), `${name}.template`), 'utf8');
    return [name, render(template, values)];
  });
  return Object.fromEntries(texts) as Record<string, string>;
}

function settingsFor(
  home: Home,
  config: Config,
  binary: NginxBinary,
  user: WorkerUser | null,
): NginxSettings {
  return {
    homeDir: home.dir,
    nginxDir: home.nginx,
    accessLog: home.accessLog,
    errorLog: errorLog(home),
    slots: slotsOf(config),
    httpPort: config.http.port,
    deployerPort: config.deployer.port,
    maxBody: config.http.maxBody,
    assets: [config.http.assets ?? []].flat(),
    workerUser: user,
    workers: workerCount(),
    connections: WORKER_CONNECTIONS,
    files: WORKER_FILES,
    perAddress: config.http.perAddress,
    trustedProxies: config.http.trustedProxies,
    ipv6: hasIpv6(),
    unusedModules: ['fastcgi', 'uwsgi', 'scgi'].filter(
      (name) => !binary.built.includes(`--without-http_${name}_module`),
    ),
  };
}

export const workerCount = (): number => Math.min(availableParallelism(), MOST_WORKERS);

/** The clone's nginx/ folder, relative to the source or to dist/. */
function templateFolder(): string {
  const places = ['../../nginx', '../../../nginx'].map((place) => path.join(__dirname, place));
  const found = places.find((place) => existsSync(path.join(place, 'site.conf.template')));
  if (found === undefined) throw new Error('the templates in nginx/ are missing');
  return found;
}

/**
 * Creates the page that users see while in-place replaces the active slot. An existing page belongs
 * to the operator and stays.
 */
function makePage({ pages }: Home): void {
  const page = path.join(pages, 'maintenance.html');
  makeEnterable(pages);
  if (existsSync(page)) return;
  writeAtomically(page, readFileSync(path.join(templateFolder(), 'maintenance.html')), { mode: 0o644 });
}

/** Workers must be able to enter this folder to reach its files, whatever the umask of the process that creates it. */
function makeEnterable(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
}

/** Creates the log before nginx does, which would make it world-readable. Only the master opens it, with our rights. */
function makePrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function hasIpv6(): boolean {
  try {
    return readFileSync('/proc/net/if_inet6', 'utf8').trim() !== '';
  } catch {
    return false;
  }
}
