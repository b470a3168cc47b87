/** What a start asks for: the environment, over what earlier starts kept, over deploy.config.js. */
import { ROOT } from '../commands/desk';
import type { Config, SettingName, Settings } from '../config';
import { loadConfig, settingsFrom, settingsRemovedBy } from '../config';
import type { Home } from '../home';
import { isChosenOnce, keptSettings, settingsInForce } from '../settings';

export interface Asked {
  /** What the home keeps of it. */
  settings: Settings;
  config: Config;
}

/** Where nothing runs yet. Throws E_CONFIG, E_HOME. */
export function askedOf(home: Pick<Home, 'settings'>, env: NodeJS.ProcessEnv): Asked {
  const settings = without(settingsRemovedBy(env), { ...keptSettings(home.settings), ...settingsFrom(env) });
  return { settings, config: loadConfig(ROOT, settings) };
}

/** Where a part of it runs: what is chosen once stays, because that part cannot move to other ports. */
export function askedWhileRunning(home: Pick<Home, 'settings'>, env: NodeJS.ProcessEnv): Asked {
  const given = Object.entries(settingsFrom(env)).filter(([name]) => !isChosenOnce(name as SettingName));
  const removed = settingsRemovedBy(env).filter((name) => !isChosenOnce(name));
  const settings = without(removed, {
    ...keptSettings(home.settings),
    ...(Object.fromEntries(given) as Settings),
  });
  return { settings, config: loadConfig(ROOT, { ...settings, ...settingsInForce(home.settings) }) };
}

function without(names: SettingName[], settings: Settings): Settings {
  const kept = Object.entries(settings).filter(([name]) => !names.includes(name as SettingName));
  return Object.fromEntries(kept);
}
