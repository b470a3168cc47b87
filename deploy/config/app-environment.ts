/**
 * Stores the app's environments: `env/<number>.json` in the home, readable by its owner only. A file never changes: a
 * deployment records the number it uses, and the journal determines which number is in force.
 */
import { createHmac, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Environment, StoredEnvironment, Phase, Variables } from '../core/environment';
import {
  EMPTY_ENVIRONMENT,
  NO_VARIABLES,
  PHASES,
  unneededEnvironments,
  environmentInForce,
  valuesOf,
  nextEnvironment,
} from '../core/environment';
import { KnownError } from '../core/errors';
import { exportLines } from '../core/shell-word';
import type { Redact } from '../core/redact';
import { redactor, secretsOf } from '../core/redact';
import type { Home } from '../home/home';
import type { Journal } from '../journal/journal';
import { syncFolder } from '../os/atomic-write';
import { namesIn } from '../os/names-in';

type Place = Pick<Home, 'env'>;

/** The name of the file with the key of `sealed`. */
const KEY = 'key';

/** The file of an environment. Kits from before the phases wrote only `variables`. */
interface Stored extends Partial<Omit<Environment, 'run'>> {
  /** For the phase `run`. */
  variables: Variables;
  waits: boolean;
}

/** The values for one phase. No other function returns plain values for use. Throws E_ENV if they are gone. */
export function variablesFor(home: Place, number: number, phase: Phase): Record<string, string> {
  const environment = readEnvironment(home, number);
  if (environment === null) {
    const set = 'Set its variables again: ./switchyard env set NAME=value';
    throw new KnownError('E_ENV', `The environment ${number} is no longer in the home.`, set);
  }
  return valuesOf(environment[phase]);
}

/** The environment with this number; null if its file has been removed. */
export function readEnvironment(home: Place, number: number): Environment | null {
  if (number === EMPTY_ENVIRONMENT) return NO_VARIABLES;
  const stored = readFile(home, number);
  return stored && { install: stored.install ?? {}, build: stored.build ?? {}, run: stored.variables };
}

/**
 * A hash of the text with a key that never leaves the home. It reveals nothing, whereas a reader could guess the values
 * behind a plain hash.
 */
export function keyedHash(home: Place, text: string): string {
  return createHmac('sha256', keyOf(home)).update(text).digest('hex').slice(0, 32);
}

/** The number of the active release's environment. */
export function numberInForce(home: Place, journal: Journal): number {
  return environmentInForce(journal.lastLive(), numbered(home));
}

/** The number that the next deployment starts its release with. */
export function nextNumber(home: Place, journal: Journal): number {
  return nextEnvironment(journal.lastLive(), numbered(home));
}

/** Stores an environment and returns its new number. Throws E_ENV if another command stores one at the same time. */
export function storeEnvironment(
  home: Place,
  journal: Journal,
  { environment, waits }: { environment: Environment; waits: boolean },
): number {
  const { run: variables, install, build } = environment;
  const kept: Stored = { variables, install, build, waits };
  mkdirSync(home.env, { recursive: true, mode: 0o700 });
  const taken = [...numbered(home).map(({ number }) => number), journal.lastEnvironment()];
  const number = Math.max(EMPTY_ENVIRONMENT, ...taken) + 1;
  const fresh = path.join(home.env, `${process.pid}.new`);
  writePrivately(fresh, JSON.stringify(kept, null, 2));
  try {
    // link fails if another command has taken the number; a rename would overwrite its file
    linkSync(fresh, fileOf(home, number));
    syncFolder(home.env);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new KnownError('E_ENV', 'Another command is changing the environment.', 'Try again.');
  } finally {
    rmSync(fresh, { force: true });
  }
  return number;
}

/**
 * Writes the variables of the app's processes as a shell script and returns its path; null if there are none. Throws
 * E_ENV if they are gone.
 */
export function shellFile(home: Place, number: number): string | null {
  const text = exportLines(variablesFor(home, number, 'run'));
  if (text === '') return null;
  const file = shellFileOf(home, number);
  const fresh = `${file}.${process.pid}.new`;
  writePrivately(fresh, text);
  renameSync(fresh, file);
  return file;
}

/** Removes an environment that did not go live. */
export function removeEnvironment(home: Place, number: number): void {
  for (const file of [fileOf(home, number), shellFileOf(home, number)]) rmSync(file, { force: true });
}

/** Removes environments that are no longer needed. @param running the numbers that the slots were started with */
export function pruneEnvironments(home: Place, journal: Journal, running: number[]): void {
  for (const number of unneededEnvironments(journal.lastLive(), numbered(home), running))
    removeEnvironment(home, number);
}

/** Hides the values of all stored environments. Reads them again for each text, so that new values are hidden too. */
export function redactorOf(home: Place): Redact {
  return (text) => {
    const all = numbered(home).map(({ number }) => readEnvironment(home, number) ?? NO_VARIABLES);
    return redactor(secretsOf(all.flatMap((each) => PHASES.map((phase) => each[phase]))))(text);
  };
}

function numbered(home: Place): StoredEnvironment[] {
  return namesIn(home.env).flatMap((name) => {
    const number = Number(/^([1-9]\d*)\.json$/.exec(name)?.[1] ?? EMPTY_ENVIRONMENT);
    const file = number === EMPTY_ENVIRONMENT ? null : readFile(home, number);
    return file ? [{ number, waits: file.waits }] : [];
  });
}

function readFile(home: Place, number: number): Stored | null {
  try {
    return JSON.parse(readFileSync(fileOf(home, number), 'utf8')) as Stored;
  } catch {
    return null;
  }
}

/** Flushes the file before it gets its name, so that a power cut leaves the whole file or none. */
function writePrivately(file: string, text: string): void {
  rmSync(file, { force: true });
  const fd = openSync(file, 'wx', 0o600);
  try {
    writeFileSync(fd, `${text}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function keyOf(home: Place): Buffer {
  const file = path.join(home.env, KEY);
  if (!existsSync(file)) {
    mkdirSync(home.env, { recursive: true, mode: 0o700 });
    const fresh = `${file}.${process.pid}.new`;
    writePrivately(fresh, randomBytes(32).toString('hex'));
    try {
      linkSync(fresh, file);
      syncFolder(home.env);
    } catch (error) {
      // another process has just created it
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(fresh, { force: true });
    }
  }
  return readFileSync(file);
}

function shellFileOf(home: Place, number: number): string {
  return path.join(home.env, `${number}.sh`);
}

function fileOf(home: Place, number: number): string {
  return path.join(home.env, `${number}.json`);
}
