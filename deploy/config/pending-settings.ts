/** Lists settings that a running Switchyard applies only at its next start. */
import type { Config } from './load';
import type { SettingName as Name, Settings } from './settings';
import { ENVIRONMENT } from './settings';
import { CONFIG_FILE } from './file';
import { fixedSettings } from './saved-settings';

/**
 * One line for each variable and each value of the configuration file that applies only from the next start on.
 * @param removed variables given as empty, which remove a stored setting
 */
export function checkSettings(
  inForce: Settings,
  given: Settings,
  wanted: Config,
  removed: Name[] = [],
  file = CONFIG_FILE,
): string[] {
  const now = fixedSettings(wanted);
  const changed = namesIn(now).filter((name) => now[name] !== inForce[name]);
  return changed.map((name) => {
    if (name in given) return fromNextStart(`${name}=${given[name]}`, `${name}=${given[name]} npm start`);
    if (removed.includes(name)) return fromNextStart(`${name}=`, `${name}= npm start`);
    return fromNextStart(`${ENVIRONMENT[name].join('.')} ${now[name]} in ${file}`, 'npm start');
  });
}

function fromNextStart(what: string, start: string): string {
  return `! ${what} takes effect at the next start: npm stop && ${start}`;
}

function namesIn(settings: Settings): Name[] {
  return Object.keys(settings) as Name[];
}
