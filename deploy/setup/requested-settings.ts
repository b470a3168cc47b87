/** What a start asks for: the environment, over what earlier starts kept, over deploy.config.js. */
import { ROOT } from '../home/clone-root';
import type { Config, SettingName, Settings } from '../config/load';
import { configInForce, settingsFrom, settingsRemovedBy } from '../config/load';
import type { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { isChosenOnce, keptSettings, settingsInForce } from '../config/saved-settings';

export interface Asked {
  /** What the home keeps of it. */
  settings: Settings;
  config: Config;
  /** Why the file cannot be used: then the configuration is the one that was checked last. */
  problem: KnownError | null;
}

type Place = Pick<Home, 'settings' | 'checkedConfig'>;

/** Where nothing runs yet. Throws E_CONFIG, E_HOME. */
export function askedOf(home: Place, env: NodeJS.ProcessEnv): Asked {
  const settings = without(settingsRemovedBy(env), { ...keptSettings(home.settings), ...settingsFrom(env) });
  return { settings, ...configInForce(ROOT, settings, { file: home.checkedConfig, build: null }) };
}

/** Where a part of it runs: what is chosen once stays, because that part cannot move to other ports. */
export function askedWhileRunning(home: Place, env: NodeJS.ProcessEnv): Asked {
  const given = Object.entries(settingsFrom(env)).filter(([name]) => !isChosenOnce(name as SettingName));
  const removed = settingsRemovedBy(env).filter((name) => !isChosenOnce(name));
  const settings = without(removed, {
    ...keptSettings(home.settings),
    ...(Object.fromEntries(given) as Settings),
  });
  const known = { file: home.checkedConfig, build: null };
  return { settings, ...configInForce(ROOT, { ...settings, ...settingsInForce(home.settings) }, known) };
}

function without(names: SettingName[], settings: Settings): Settings {
  const kept = Object.entries(settings).filter(([name]) => !names.includes(name as SettingName));
  return Object.fromEntries(kept);
}
