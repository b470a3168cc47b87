/** What nginx has in the home, and the text that goes there. */
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { slotsOf, type Config } from '../config/load';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { writeAtomically } from '../os/atomic-write';
import { makeLogFolder } from './log-folder';
import type { NginxBinary } from './nginx-binary';
import { render, valuesFor, type NginxSettings } from './render';
import type { WorkerUser } from './worker-user';

/** One machine's nginx serves far more than its apps can answer; more workers only hold more idle connections. */
const MOST_WORKERS = 4;
/** nginx reads these as its own syntax, even in quotes; a colon would end a unix socket's path. */
const UNUSABLE_IN_A_PATH = /["'$\\:;{}\n\r]/;

export const configFile = (home: Home): string => path.join(home.nginx, 'nginx.conf');
export const errorLog = (home: Home): string => path.join(home.logs, 'nginx-error.log');

/** The unix sockets behind the slots, as site.conf names them. */
export const socketFiles = (home: Home, config: Config): string[] =>
  slotsOf(config).map((slot) => path.join(home.nginx, `after-${slot.name}.sock`));

/** Writes nginx.conf and site.conf. Throws E_HOME for a path that nginx's language cannot say. */
export function writeConfiguration(
  home: Home,
  config: Config,
  binary: NginxBinary,
  user: WorkerUser | null,
): void {
  if (UNUSABLE_IN_A_PATH.test(home.dir)) {
    throw new KnownError(
      'E_HOME',
      `nginx cannot be told a path like ${home.dir}`,
      'Choose a SWITCHYARD_HOME of letters, digits, dots and dashes.',
    );
  }
  makeEnterable(home.nginx);
  makeLogFolder(home, user);
  for (const log of [home.accessLog, errorLog(home)]) makePrivate(log);
  makePage(home);
  writeFiles(home.nginx, configurationFor(home, config, binary, user).files);
}

/** Writes the files of a configuration into a folder. A full disk or a kill leaves each old file, never half a new one. */
export function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files))
    writeAtomically(path.join(folder, name), text, { mode: 0o644 });
}

/** The files of the home that are not what this configuration has. */
export function changedFiles({ nginx }: Home, { files }: NginxConfiguration): string[] {
  return Object.keys(files).filter((name) => textOf(path.join(nginx, name)) !== files[name]);
}

/** What the home's files of this configuration hold now. */
export function writtenFiles({ nginx }: Home, { files }: NginxConfiguration): Record<string, string> {
  const texts = Object.keys(files).map((name) => [name, textOf(path.join(nginx, name))]);
  return Object.fromEntries(texts.filter(([, text]) => text !== null)) as Record<string, string>;
}

export interface NginxConfiguration {
  /** What a running nginx answers when it is asked which configuration it has read: it changes with every byte. */
  mark: string;
  /** The text of each file, by its name in the home's nginx/. */
  files: Record<string, string>;
}

/** What writeConfiguration would write now; it touches nothing. */
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
    workerUser: user,
    workers: Math.min(availableParallelism(), MOST_WORKERS),
    ipv6: hasIpv6(),
    unusedModules: ['fastcgi', 'uwsgi', 'scgi'].filter(
      (name) => !binary.built.includes(`--without-http_${name}_module`),
    ),
  };
}

/** The clone's nginx/, seen from the source and from dist/. */
function templateFolder(): string {
  const places = ['../../nginx', '../../../nginx'].map((place) => path.join(__dirname, place));
  const found = places.find((place) => existsSync(path.join(place, 'site.conf.template')));
  if (found === undefined) throw new Error('the templates in nginx/ are missing');
  return found;
}

/** What everyone sees while the slot that serves is being replaced. One that is there already is its owner's. */
function makePage({ pages }: Home): void {
  const page = path.join(pages, 'maintenance.html');
  makeEnterable(pages);
  if (existsSync(page)) return;
  writeAtomically(page, readFileSync(path.join(templateFolder(), 'maintenance.html')), { mode: 0o644 });
}

/** The workers connect to sockets in here, whatever the umask of whoever makes it. */
function makeEnterable(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
}

/** Made before nginx does it, which would let everyone read it; only the master opens it, with our rights. */
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
