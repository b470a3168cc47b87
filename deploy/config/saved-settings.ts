/**
 * Stores the settings of each start in the home, because later commands and a restarted deployer must use the same
 * ports as nginx.
 */
import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { readLastValid } from './cache';
import type { Config } from './load';
import type { SettingName, Settings } from './settings';
import { settingOf, settingsFrom } from './settings';
import { KnownError } from '../core/errors';
import { accessError } from '../os/folder-access';
import { writeAtomically } from '../os/atomic-write';

/**
 * Settings that every process of a running Switchyard must agree on. A change in deploy.config.js or a variable only
 * applies at the next start, because nginx and the deployer keep their ports.
 */
const CHOSEN_ONCE = [
  'HTTP_PORT',
  'SLOTS',
  'BLUE_PORT',
  'GREEN_PORT',
  'DEPLOYER_PORT',
  'BRANCH',
  'RUNTIME',
  'APP_NAME',
] as const;
const IN_FORCE = 'inForce';

export function isFixedAtStart(name: SettingName): boolean {
  return (CHOSEN_ONCE as readonly SettingName[]).includes(name);
}

/** Stores a start's environment settings and the values they result in. @param file the home's settings.json */
export function saveSettings(file: string, settings: Settings, config: Config): void {
  const kept = { ...settings, [IN_FORCE]: fixedSettings(config) };
  const text = `${JSON.stringify(kept, null, 2)}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  writeAtomically(file, text);
}

/** The environment settings of all starts so far; empty before the first. Throws E_HOME. */
export function savedSettings(file: string): Settings {
  return settingsFrom(readKept(file) as NodeJS.ProcessEnv);
}

/** The settings in force since the last start; empty before the first. Throws E_HOME. */
export function readSettings(file: string): Settings {
  const kept = readKept(file);
  return settingsFrom({ ...kept, ...(kept[IN_FORCE] as object | undefined) } as NodeJS.ProcessEnv);
}

/**
 * The last start's values of the settings that are fixed until the next start; empty before the first. Throws E_HOME.
 */
export function settingsInForce(file: string): Settings {
  return settingsFrom((readKept(file)[IN_FORCE] ?? {}) as NodeJS.ProcessEnv);
}

/** A configuration's values of the settings that are fixed at a start. */
export function fixedSettings(config: Config): Settings {
  return Object.fromEntries(CHOSEN_ONCE.map((name) => [name, settingOf(config, name)]));
}

/** The condition of a settings file: missing, valid, damaged or not readable by this user. */
export type SettingsCondition = 'none' | 'whole' | 'broken' | 'refused';

export function settingsCondition(file: string): SettingsCondition {
  if (!existsSync(file)) return 'none';
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    return kept !== null && typeof kept === 'object' ? 'whole' : 'broken';
  } catch (error) {
    return error instanceof SyntaxError ? 'broken' : 'refused';
  }
}

/** Copies a damaged file to a free name before it is replaced. Returns that name, or null. */
export function backUpBrokenSettings(file: string): string | null {
  if (settingsCondition(file) !== 'broken') return null;
  let number = 1;
  while (existsSync(`${file}.broken-${number}`)) number += 1;
  const aside = `${file}.broken-${number}`;
  // a copy, because a home without this file counts as never started
  copyFileSync(file, aside);
  return aside;
}

function readKept(file: string): Record<string, unknown> {
  switch (settingsCondition(file)) {
    case 'none':
      return {};
    case 'whole':
      return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    case 'refused':
      throw refused(file);
    case 'broken':
      return recovered(file);
  }
}

/** Recovers the settings from the last validated configuration, which contains their values. */
function recovered(file: string): Record<string, unknown> {
  const config = readLastValid(path.join(path.dirname(file), 'config.json'))?.config ?? null;
  if (config === null) {
    const aside = `mv ${file} ${file}.broken && npm stop && npm start`;
    throw new KnownError('E_HOME', `${file} is broken.`, `Start with the same ports as before: ${aside}`);
  }
  return { ...(config.source === null ? {} : { SOURCE: config.source }), [IN_FORCE]: fixedSettings(config) };
}

function refused(file: string): KnownError {
  const { uid } = statSync(file);
  if (uid === process.geteuid?.()) {
    return new KnownError('E_HOME', `This user may not read ${file}.`, `Allow it: chmod 600 ${file}`);
  }
  const folder = path.dirname(file);
  if (statSync(folder).uid === process.geteuid?.()) return accessError(folder, [file]);
  const said = `The home ${folder} belongs to another user (uid ${uid}).`;
  return new KnownError('E_HOME', said, `Run the command as that user: sudo -u '#${uid}' npm start`);
}
