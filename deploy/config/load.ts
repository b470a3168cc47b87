/**
 * Loads and validates deploy.config.js. The environment settings of `npm start`, stored in the home's settings.json,
 * override the file, and the file overrides the defaults.
 */
import type { z } from 'zod';
import type { ConfigCache } from './cache';
import { cacheKey, readLastValid, readCached, writeCached } from './cache';
import { CONFIG_FILE, findConfigFile, readConfigFile } from './file';
import type { Config, schema as Schema } from './schema';
import { KnownError } from '../core/errors';
import { poolFrom, poolOf, poolText } from '../core/pool';
import type { AppSettings } from '../core/release';
import type { Slot } from '../core/slot';
import { didYouMean } from './did-you-mean';

export type { Config, UserConfig } from './schema';

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

/**
 * The file's configuration with the settings applied. Throws E_CONFIG with the key, its place and the closest known
 * key.
 * @param known the cache of validated configurations, for quick commands
 */
export function loadConfig(root: string, settings: Settings, known?: ConfigCache): Config {
  const name = findConfigFile(root);
  if (known && name === null) mustBeNone(known);
  const written = name === null ? {} : readConfigFile(root, name);
  const check = (): Config => parseConfig(overlay(written, settings), name ?? CONFIG_FILE, settings);
  const key = known ? cacheKey(known.build, written, settings) : null;
  if (!known || key === null) return check();
  const recalled = readCached(known.file, key);
  if (recalled) return recalled;
  const config = check();
  writeCached(known.file, key, config, name);
  return config;
}

/** The usable configuration. If it is the last validated one instead of the file's, `problem` is the file's error. */
export interface ConfigInForce {
  config: Config;
  problem: KnownError | null;
}

/** The file's configuration, or the last validated one when the file is not usable. Throws E_CONFIG. */
export function configInForce(root: string, settings: Settings, known: ConfigCache): ConfigInForce {
  try {
    return { config: loadConfig(root, settings, known), problem: null };
  } catch (error) {
    const config = error instanceof KnownError ? lastValidConfig(known, settings) : null;
    if (config === null) throw error;
    return { config, problem: error as KnownError };
  }
}

/** The last validated configuration with the settings applied; null if there is none, or if they do not fit. */
export function lastValidConfig({ file }: Pick<ConfigCache, 'file'>, settings: Settings): Config | null {
  const last = readLastValid(file);
  if (last === null) return null;
  try {
    return parseConfig(overlay(last.config, settings), last.from ?? CONFIG_FILE, settings);
  } catch {
    return null; // validated by another version of the kit
  }
}

/** The warning for a configuration file that is not usable. */
export function problemLine({ message }: KnownError): string {
  return `! ${message.replace(/\.$/, '')}; Switchyard keeps using the last valid configuration`;
}

/**
 * A file that existed at the last start must not be missing: its removal may be a mistake, so defaults do not replace
 * it.
 */
function mustBeNone({ file }: ConfigCache): void {
  const from = readLastValid(file)?.from ?? null;
  if (from === null) return;
  throw new KnownError('E_CONFIG', `${from} is gone.`, `git checkout HEAD -- ${from}`);
}

/**
 * The app settings of a checked-out commit. Throws E_CONFIG.
 * @param app the section of its own configuration file; undefined if there is none
 * @param name name of that file
 */
export function parseAppSettings(app: unknown, name = CONFIG_FILE): AppSettings {
  return parseConfig({ app }, name, {}).app;
}

/** The slots of a configuration, in fill order. */
export function slotsOf(config: Config): Slot[] {
  return Object.entries(config.slots).map(([name, port]) => ({ name, port }));
}

/** Loaded on demand, because zod is too slow to load for a quick command. */
function schema(): typeof Schema {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./schema') as { schema: typeof Schema }).schema;
}

/** A copy of the file's value with the settings applied. Invalid values stay, for the schema to report. */
function overlay(written: unknown, settings: Settings): unknown {
  const { SLOTS, ...others } = settings;
  const named = Object.entries(others) as [keyof typeof ENVIRONMENT, string][];
  const pool = SLOTS === undefined ? written : withValue(written ?? {}, ENVIRONMENT.SLOTS, poolFrom(SLOTS));
  return named.reduce(
    (result: unknown, [name, text]) => {
      const keys = ENVIRONMENT[name];
      return withValue(result, keys, asWritten(keys, text));
    },
    withPoolWrittenOut(pool ?? {}, settings),
  );
}

/** Expands a number of slots to consecutive ports, starting with the first slot's. */
function withPoolWrittenOut(value: unknown, { BLUE_PORT }: Settings): unknown {
  const count = valueAt(value, ENVIRONMENT.SLOTS);
  const first = BLUE_PORT === undefined ? undefined : asWritten(ENVIRONMENT.BLUE_PORT, BLUE_PORT);
  const pool =
    typeof count === 'number' ? poolOf(count, typeof first === 'number' ? first : undefined) : null;
  return pool === null ? value : withValue(value, ENVIRONMENT.SLOTS, pool);
}

function withValue(place: unknown, [key, ...below]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (place === null || typeof place !== 'object') return place;
  const here = (place as Record<string, unknown>)[key];
  return { ...place, [key]: withValue(here === undefined ? {} : here, below, value) };
}

/** Converts a variable's text to the type of its key: a port is a number, but a branch may be named 2024. */
function asWritten(keys: readonly string[], text: string): unknown {
  const isNumber = typeof valueAt(schema().parse({}), keys) === 'number';
  return isNumber && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function parseConfig(value: unknown, file: string, settings: Settings): Config {
  const result = schema().safeParse(value);
  if (!result.success) throw configError(result.error.issues[0], file, settings);
  return distinctPorts(result.data);
}

function configError(issue: z.core.$ZodIssue | undefined, file: string, settings: Settings): KnownError {
  if (!issue) return new KnownError('E_CONFIG', `${file} is not valid.`);
  const place = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const near = didYouMean(key, keysAt(place));
    const hint = near ? `Did you mean "${[...place, near].join('.')}"?` : undefined;
    return new KnownError('E_CONFIG', `${file}: unknown key "${[...place, key].join('.')}".`, hint);
  }
  const variable = Object.entries(ENVIRONMENT).find(([, keys]) => keys.join('.') === place.join('.'))?.[0];
  if (variable && variable in settings) {
    const message = `the environment's ${variable} is not valid: ${issue.message}.`;
    return new KnownError('E_CONFIG', message, `Change ${variable} or unset it.`);
  }
  const from = place.length === 0 ? 'it' : `"${place.join('.')}"`;
  return new KnownError('E_CONFIG', `${file}: ${from} is not valid: ${issue.message}.`);
}

/** The known keys at a place of the configuration, taken from the defaults. */
function keysAt(place: string[]): string[] {
  const here = valueAt(schema().parse({}), place);
  return here && typeof here === 'object' ? Object.keys(here) : [];
}

/** The value of a setting in a configuration, as text for the environment. */
export function settingOf(config: Config, name: keyof typeof ENVIRONMENT): string {
  return name === 'SLOTS' ? poolText(config.slots) : String(valueAt(config, ENVIRONMENT[name]));
}

/** The value at a place, or undefined. */
export function valueAt(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce((here, key) => (here as Record<string, unknown> | undefined | null)?.[key], value);
}

function distinctPorts(config: Config): Config {
  const named: [string, number][] = [
    ['http.port', config.http.port],
    ['deployer.port', config.deployer.port],
    ...Object.entries(config.slots).map(([slot, at]): [string, number] => [`slots.${slot}`, at]),
  ];
  for (const [index, [name, at]] of named.entries()) {
    const twin = named.slice(0, index).find(([, other]) => other === at);
    if (twin) {
      const message = `"${twin[0]}" and "${name}" are both port ${at}.`;
      throw new KnownError('E_CONFIG', message, 'Give one of them another port.');
    }
  }
  return config;
}
