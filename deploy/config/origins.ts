/** Says where each value of the configuration comes from. */
import type { Home } from '../home/home';
import { withoutPassword } from '../core/redact-url';
import type { Config } from './load';
import type { SettingName } from './settings';
import { ENVIRONMENT, valueAt } from './settings';
import { findConfigFile, readConfigFile } from './file';
import { savedSettings } from './saved-settings';

export interface Origin {
  /** `http.port` */
  key: string;
  /** Without passwords. Of a receiver's address only the host, because the path is a secret. */
  value: unknown;
  /** `default`, the file's name, or the variable of `npm start`. */
  from: string;
}

/** Every value, in the schema's order. @param config the configuration in force */
export function originsOf(root: string, home: Pick<Home, 'settings'>, config: Config): Origin[] {
  const written = writtenIn(root);
  const kept = savedSettings(home.settings);
  return leavesOf(config).map(({ keys, value }) => {
    const key = keys.join('.');
    const variable = variableOf(keys);
    const from =
      variable !== null && variable in kept
        ? `${variable}, given to npm start`
        : fromFile(written, keys, value);
    return { key, value: shown(key, value), from };
  });
}

function fromFile(written: Written | null, keys: string[], value: unknown): string {
  if (written === null || !isWritten(written.value, keys)) return 'default';
  const now = valueAt(written.value, keys);
  const isStale = (typeof now === 'string' || typeof now === 'number') && now !== value;
  return isStale ? `${written.name}; from the next npm start on ${now}` : written.name;
}

interface Written {
  name: string;
  value: unknown;
}

interface Leaf {
  keys: string[];
  value: unknown;
}

/** A list is one value; an empty object has none. */
function leavesOf(value: unknown, keys: string[] = []): Leaf[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [{ keys, value }];
  return Object.entries(value).flatMap(([key, below]) =>
    below === undefined ? [] : leavesOf(below, [...keys, key]),
  );
}

/** Null if there is no file, or if it cannot be used and the last valid configuration is in force. */
function writtenIn(root: string): Written | null {
  try {
    const name = findConfigFile(root);
    return name === null ? null : { name, value: readConfigFile(root, name) };
  } catch {
    return null;
  }
}

/** A number of slots stands for each slot's port. */
function isWritten(written: unknown, keys: string[]): boolean {
  return keys.some((_, at) => {
    const here = valueAt(written, keys.slice(0, at + 1));
    return here !== undefined && (at === keys.length - 1 || here === null || typeof here !== 'object');
  });
}

function variableOf(keys: string[]): SettingName | null {
  const names = Object.entries(ENVIRONMENT) as [SettingName, readonly string[]][];
  return names.find(([, place]) => place.join('.') === keys.join('.'))?.[0] ?? null;
}

function shown(key: string, value: unknown): unknown {
  if (key === 'source' && typeof value === 'string') return withoutPassword(value);
  if (key !== 'notify' || !Array.isArray(value)) return value;
  return (value as Config['notify']).map((each) => ({ ...each, url: `${new URL(each.url).origin}/…` }));
}
