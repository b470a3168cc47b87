/** The settings that a start requests: the environment overrides saved settings, which override deploy.config.js. */
import { ROOT } from '../home/clone-root';
import type { Config } from '../config/load';
import type { SettingName, Settings } from '../config/settings';
import { configInForce } from '../config/load';
import { settingsFrom, settingsRemovedBy } from '../config/settings';
import type { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { isFixedAtStart, savedSettings, settingsInForce } from '../config/saved-settings';

export interface RequestedSettings {
  /** The settings to save in the home. */
  settings: Settings;
  config: Config;
  /** Why the file cannot be used; `config` is then the last one that passed its check. */
  problem: KnownError | null;
}

type Place = Pick<Home, 'settings' | 'checkedConfig'>;

/** The settings if nothing is running yet. Throws E_CONFIG, E_HOME. */
export function requestedSettings(home: Place, env: NodeJS.ProcessEnv): RequestedSettings {
  const settings = without(settingsRemovedBy(env), { ...savedSettings(home.settings), ...settingsFrom(env) });
  return { settings, ...configInForce(ROOT, settings, { file: home.checkedConfig, build: null }) };
}

/**
 * The settings if a part of this Switchyard is already running: the values fixed at its start, such as ports, stay.
 * Throws E_CONFIG, E_HOME.
 */
export function requestedWhileRunning(home: Place, env: NodeJS.ProcessEnv): RequestedSettings {
  const given = Object.entries(settingsFrom(env)).filter(([name]) => !isFixedAtStart(name as SettingName));
  const removed = settingsRemovedBy(env).filter((name) => !isFixedAtStart(name));
  const settings = without(removed, {
    ...savedSettings(home.settings),
    ...(Object.fromEntries(given) as Settings),
  });
  const known = { file: home.checkedConfig, build: null };
  return { settings, ...configInForce(ROOT, { ...settings, ...settingsInForce(home.settings) }, known) };
}

function without(names: SettingName[], settings: Settings): Settings {
  const kept = Object.entries(settings).filter(([name]) => !names.includes(name as SettingName));
  return Object.fromEntries(kept);
}
