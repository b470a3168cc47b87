/** What a running Switchyard does not take over, because it was asked for after its start. */
import type { Config, Settings } from '../config';
import { ENVIRONMENT } from '../config';
import { CONFIG_FILE } from '../config-file';
import { chosenOnce } from '../settings';

type Name = keyof Settings;

/** One line for each variable, and each value of the configuration file, that counts from the next start on only. */
export function checkSettings(
  inForce: Settings,
  given: Settings,
  wanted: Config,
  file = CONFIG_FILE,
): string[] {
  const variables = namesIn(given).filter((name) => given[name] !== inForce[name]);
  const now = chosenOnce(wanted);
  const edits = namesIn(now).filter((name) => !(name in given) && now[name] !== inForce[name]);
  return [
    ...variables.map((name) => fromNextStart(`${name}=${given[name]}`, `${name}=${given[name]} npm start`)),
    ...edits.map((name) =>
      fromNextStart(`${ENVIRONMENT[name].join('.')} ${now[name]} in ${file}`, 'npm start'),
    ),
  ];
}

function fromNextStart(what: string, start: string): string {
  return `! ${what} counts from the next start on: npm stop && ${start}`;
}

function namesIn(settings: Settings): Name[] {
  return Object.keys(settings) as Name[];
}
