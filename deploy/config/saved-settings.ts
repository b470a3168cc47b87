/**
 * The settings of the starts so far, kept in the home: later commands, and a deployer that comes back, must find
 * the ports that nginx listens on.
 */
import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { lastChecked } from './cache';
import type { Config, SettingName, Settings } from './load';
import { settingOf, settingsFrom } from './load';
import { KnownError } from '../core/errors';
import { closedError } from '../os/closed-files';
import { writeAtomically } from '../os/atomic-write';

/**
 * What every process of a running Switchyard must agree on. An edit of deploy.config.js, like a variable, changes it
 * at the next start only: nginx and the deployer listen where they were told to.
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

export function isChosenOnce(name: SettingName): boolean {
  return (CHOSEN_ONCE as readonly SettingName[]).includes(name);
}

/** Keeps, at a start, what the environment said, and what came of it. @param file the home's settings.json */
export function keepSettings(file: string, settings: Settings, config: Config): void {
  const kept = { ...settings, [IN_FORCE]: chosenOnce(config) };
  const text = `${JSON.stringify(kept, null, 2)}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  writeAtomically(file, text);
}

/** What the environment of the starts so far has said; nothing before the first. Throws E_HOME. */
export function keptSettings(file: string): Settings {
  return settingsFrom(readKept(file) as NodeJS.ProcessEnv);
}

/** What the last start has put in force; nothing before the first. Throws E_HOME. */
export function readSettings(file: string): Settings {
  const kept = readKept(file);
  return settingsFrom({ ...kept, ...(kept[IN_FORCE] as object | undefined) } as NodeJS.ProcessEnv);
}

/** What the last start has chosen once; nothing before the first. Throws E_HOME. */
export function settingsInForce(file: string): Settings {
  return settingsFrom((readKept(file)[IN_FORCE] ?? {}) as NodeJS.ProcessEnv);
}

/** What of a configuration is chosen once, as settings. */
export function chosenOnce(config: Config): Settings {
  return Object.fromEntries(CHOSEN_ONCE.map((name) => [name, settingOf(config, name)]));
}

/** What a settings file is worth: its text, or why it cannot be used. */
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

/** Puts a broken file aside, under a name that is free, before another takes its place. Returns that name, or null. */
export function putBrokenSettingsAside(file: string): string | null {
  if (settingsCondition(file) !== 'broken') return null;
  let number = 1;
  while (existsSync(`${file}.broken-${number}`)) number += 1;
  const aside = `${file}.broken-${number}`;
  // a copy: without the file itself the home would look as if it was never started
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

/** The configuration that was checked last holds what the settings have come to. */
function recovered(file: string): Record<string, unknown> {
  const config = lastChecked(path.join(path.dirname(file), 'config.json'))?.config ?? null;
  if (config === null) {
    const aside = `mv ${file} ${file}.broken && npm stop && npm start`;
    throw new KnownError('E_HOME', `${file} is broken.`, `Start with the same ports as before: ${aside}`);
  }
  return { ...(config.source === null ? {} : { SOURCE: config.source }), [IN_FORCE]: chosenOnce(config) };
}

function refused(file: string): KnownError {
  const { uid } = statSync(file);
  if (uid === process.geteuid?.()) {
    return new KnownError('E_HOME', `This user may not read ${file}.`, `Allow it: chmod 600 ${file}`);
  }
  const folder = path.dirname(file);
  if (statSync(folder).uid === process.geteuid?.()) return closedError(folder, [file]);
  const said = `The home ${folder} belongs to another user (uid ${uid}).`;
  return new KnownError('E_HOME', said, `Run the command as that user: sudo -u '#${uid}' npm start`);
}
