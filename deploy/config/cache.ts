/**
 * Caches the validated configuration, because zod takes longer to load than the rest of a quick command.
 *
 * Validation is a pure function of the file's value, the settings and the build of the kit. The cache is a file in the
 * home; a command that cannot read or write it validates again.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from './schema';
import { writeAtomically } from '../os/atomic-write';

export interface ConfigCache {
  /** Path of the cache file. */
  file: string;
  /** The build of the kit; null if unknown. */
  build: string | null;
}

interface Checked {
  key: string;
  config: Config;
  /** Name of the configuration file; null for none. */
  from: string | null;
}

/**
 * The cache key of a configuration. Null if JSON cannot represent its values, such as a function, and when the build
 * is unknown.
 */
export function cacheKey(build: string | null, ...from: unknown[]): string | null {
  if (build === null) return null;
  const text = JSON.stringify(from);
  if (!isDeepStrictEqual(JSON.parse(text), from)) return null;
  return createHash('sha256').update(`${build}\0${text}`).digest('hex');
}

/** The cached configuration for this key, or null. */
export function readCached(file: string, key: string): Config | null {
  try {
    const checked = JSON.parse(readFileSync(file, 'utf8')) as Checked;
    return checked.key === key ? checked.config : null;
  } catch {
    return null;
  }
}

/** The last validated configuration, whatever its key; null if there is none. */
export function readLastValid(file: string): Pick<Checked, 'config' | 'from'> | null {
  try {
    const { config, from = null } = JSON.parse(readFileSync(file, 'utf8')) as Checked;
    return { config, from };
  } catch {
    return null;
  }
}

/** Stores the configuration for the next command, readable by the owner only, since a URL in it may be a secret. */
export function writeCached(file: string, key: string, config: Config, from: string | null = null): void {
  try {
    writeAtomically(file, JSON.stringify({ key, config, from } satisfies Checked), { durable: false });
  } catch {
    // a full disk or another user's home: the next command validates again
  }
}
