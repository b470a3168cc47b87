/**
 * Stores the app's environments: `env/<number>.json` in the home, readable by its owner only. A file never changes: a
 * deployment records the number it uses, and the journal determines which number is in force.
 */
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Numbered, Variables } from '../core/environment';
import { EMPTY, forgettable, inForce, wanted } from '../core/environment';
import { KnownError } from '../core/errors';
import type { Redact } from '../core/redact';
import { redactor, secretsOf } from '../core/redact';
import type { Home } from '../home/home';
import type { Journal } from '../journal/journal';
import { syncFolder } from '../os/atomic-write';

type Place = Pick<Home, 'env'>;

/**
 * The variables for a process of the app. The only function that returns their values for use. Throws E_ENV when they
 * are gone.
 */
export function appVariables(home: Place, number: number): Record<string, string> {
  const variables = readVariables(home, number);
  if (variables === null) {
    const set = 'Set its variables again: npm run -s env -- set NAME=value';
    throw new KnownError('E_ENV', `The environment ${number} is no longer in the home.`, set);
  }
  return Object.fromEntries(Object.entries(variables).map(([name, { value }]) => [name, value]));
}

/** The variables of a number; null when the file was removed. */
export function readVariables(home: Place, number: number): Variables | null {
  if (number === EMPTY) return {};
  return readFile(home, number)?.variables ?? null;
}

/** The number of the active release's environment. */
export function numberInForce(home: Place, journal: Journal): number {
  return inForce(journal.lastLive(), numbered(home));
}

/** The number that the next deployment starts its release with. */
export function numberWanted(home: Place, journal: Journal): number {
  return wanted(journal.lastLive(), numbered(home));
}

/** Stores variables under a new number and returns it. Throws E_ENV when another command does so at the same time. */
export function keepVariables(
  home: Place,
  journal: Journal,
  kept: { variables: Variables; waits: boolean },
): number {
  mkdirSync(home.env, { recursive: true, mode: 0o700 });
  const taken = [...numbered(home).map(({ number }) => number), journal.lastEnvironment()];
  const number = Math.max(EMPTY, ...taken) + 1;
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

/** Removes an environment that did not go live. */
export function discardVariables(home: Place, number: number): void {
  rmSync(fileOf(home, number), { force: true });
}

/** Removes environments that are no longer needed. @param running the numbers that the slots were started with */
export function forgetVariables(home: Place, journal: Journal, running: number[]): void {
  for (const number of forgettable(journal.lastLive(), numbered(home), running))
    discardVariables(home, number);
}

/** Hides the values of all stored environments. Reads them again for each text, so that new values are hidden too. */
export function redactorOf(home: Place): Redact {
  return (text) => {
    const all = numbered(home).map(({ number }) => readVariables(home, number) ?? {});
    return redactor(secretsOf(all))(text);
  };
}

function numbered(home: Place): Numbered[] {
  return namesIn(home.env).flatMap((name) => {
    const number = Number(/^([1-9]\d*)\.json$/.exec(name)?.[1] ?? EMPTY);
    const file = number === EMPTY ? null : readFile(home, number);
    return file ? [{ number, waits: file.waits }] : [];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // nothing was ever set
  }
}

function readFile(home: Place, number: number): { variables: Variables; waits: boolean } | null {
  try {
    return JSON.parse(readFileSync(fileOf(home, number), 'utf8')) as { variables: Variables; waits: boolean };
  } catch {
    return null;
  }
}

/** Flushes the file before it gets its name, so that a power cut leaves all or nothing. */
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

function fileOf(home: Place, number: number): string {
  return path.join(home.env, `${number}.json`);
}
