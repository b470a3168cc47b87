/**
 * The variables that a release is installed and built with. Those that change the release are part of its identity.
 * Their values may be secrets, so folder names and manifests contain only a keyed hash of them.
 */
import { homedir } from 'node:os';
import path from 'node:path';
import { readEnvironment, keyedHash } from '../config/app-environment';
import { NO_VARIABLES, valuesOf } from '../core/environment';
import { changesPackages, unsetIn } from '../core/npmrc';
import type { Home } from '../home/home';
import { commandEnvironment } from '../os/command';
import { textOf } from '../os/text-of';

/** A hash of everything that changes the packages; null if nothing does. A registry token, for example, does not. */
export function hashInstallInputs(
  home: Pick<Home, 'env'>,
  npmrc: string,
  install: Record<string, string>,
): string | null {
  const npmrcs = [npmrc, userNpmrc()];
  const changing = Object.entries(install).filter(([name]) => changesPackages(npmrcs, name));
  return hashValues(home, Object.fromEntries(changing));
}

/** A hash of everything in the environment that changes the release in the folder; null if nothing does. */
export function hashInputs(home: Pick<Home, 'env'>, dir: string, environment: number): string | null {
  const { install, build } = readEnvironment(home, environment) ?? NO_VARIABLES;
  const packages = hashInstallInputs(home, npmrcIn(dir), valuesOf(install));
  return hashValues(home, { ...valuesOf(build), ...(packages !== null && { '': packages }) });
}

/** The variables that the texts of .npmrc or the user's own refer to, and that are not set for the install. */
export function unsetForInstall(npmrcs: string[], install: Record<string, string>): string[] {
  const present = { ...commandEnvironment(''), ...install };
  return unsetIn([...npmrcs, userNpmrc()], (name) => Object.hasOwn(present, name));
}

/** A hash of these values; null if there are none. */
export function hashValues(home: Pick<Home, 'env'>, values: Record<string, string>): string | null {
  const entries = Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.length === 0 ? null : keyedHash(home, JSON.stringify(entries));
}

/** The text of a folder's .npmrc, or an empty string. */
export function npmrcIn(folder: string): string {
  return textOf(path.join(folder, '.npmrc')) ?? '';
}

function userNpmrc(): string {
  return npmrcIn(homedir());
}
