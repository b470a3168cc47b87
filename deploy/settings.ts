/**
 * The settings of the starts so far, kept in the home: later commands, and a deployer that comes back, must find
 * the ports that nginx listens on.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Config, SettingName, Settings } from './config';
import { settingOf, settingsFrom } from './config';
import { KnownError } from './core/errors';
import { writeAtomically } from './os/atomic-write';

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

function readKept(file: string): Record<string, unknown> {
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch {
    throw new KnownError(
      'E_HOME',
      `${file} cannot be read.`,
      `Remove it, then npm start with the same ports.`,
    );
  }
}
