/**
 * Loads and validates deploy.config.js. The environment settings of `npm start`, stored in the home's settings.json,
 * override the file, and the file overrides the defaults.
 */
import type { ConfigCache } from './cache';
import { cacheKey, readLastValid, readCached, writeCached } from './cache';
import { CONFIG_FILE, findConfigFile, readConfigFile } from './file';
import { overlay } from './overlay';
import { parseConfig } from './parse';
import type { Config } from './schema';
import type { Settings } from './settings';
import { KnownError } from '../core/errors';
import type { AppSettings } from '../core/release';
import type { Slot } from '../core/slot';

export type { Config, UserConfig } from './schema';

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
