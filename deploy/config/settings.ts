/** The environment variables that override deploy.config.js. Pure. */
import { poolText } from '../core/pool';
import type { Config } from './schema';

/** The environment variables that override the file, and the key that each one sets. */
export const ENVIRONMENT = {
  HTTP_PORT: ['http', 'port'],
  SLOTS: ['slots'],
  BLUE_PORT: ['slots', 'blue'],
  GREEN_PORT: ['slots', 'green'],
  DEPLOYER_PORT: ['deployer', 'port'],
  BAKE_SECONDS: ['bake', 'seconds'],
  DRAIN_SECONDS: ['limits', 'drain'],
  BRANCH: ['branch'],
  SOURCE: ['source'],
  RUNTIME: ['runtime'],
  APP_NAME: ['name'],
} as const satisfies Record<string, readonly string[]>;

export type SettingName = keyof typeof ENVIRONMENT;
export type Settings = Partial<Record<SettingName, string>>;

/** The settings that an environment resets: an empty variable removes a stored one. */
export function settingsRemovedBy(env: NodeJS.ProcessEnv): SettingName[] {
  return (Object.keys(ENVIRONMENT) as SettingName[]).filter((name) => env[name] === '');
}

/** The settings in an environment. */
export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  const settings: Settings = {};
  for (const name of Object.keys(ENVIRONMENT) as (keyof typeof ENVIRONMENT)[]) {
    const value = env[name];
    if (value !== undefined && value !== '') settings[name] = value;
  }
  return settings;
}

/** The value of a setting in a configuration, as text for the environment. */
export function settingOf(config: Config, name: keyof typeof ENVIRONMENT): string {
  return name === 'SLOTS' ? poolText(config.slots) : String(valueAt(config, ENVIRONMENT[name]));
}

/** The value at a place, or undefined. */
export function valueAt(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce((here, key) => (here as Record<string, unknown> | undefined | null)?.[key], value);
}
