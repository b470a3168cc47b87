/**
 * The configuration as it was checked last. What checks it (zod) takes longer to load than all the rest of a quick
 * command, and it is a pure function: the same file's value, the same settings and the same build of the kit have the
 * same configuration. It stands in the home beside the settings; whoever cannot read it or write it checks anew.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from './schema';
import { writeAtomically } from '../os/atomic-write';

export interface Known {
  /** Where it stands. */
  file: string;
  /** Which build of the kit asks; null for one that does not say so. */
  build: string | null;
}

interface Checked {
  key: string;
  config: Config;
  /** The name of the file it was read from; null for none. */
  from: string | null;
}

/**
 * By what a checked configuration is known again; null for one that JSON cannot hold as it is, a function in it for
 * instance, and for a kit that does not say which build it is.
 */
export function keyOf(build: string | null, ...from: unknown[]): string | null {
  if (build === null) return null;
  const text = JSON.stringify(from);
  if (!isDeepStrictEqual(JSON.parse(text), from)) return null;
  return createHash('sha256').update(`${build}\0${text}`).digest('hex');
}

/** The configuration that was checked by this key, or null. */
export function recall(file: string, key: string): Config | null {
  try {
    const checked = JSON.parse(readFileSync(file, 'utf8')) as Checked;
    return checked.key === key ? checked.config : null;
  } catch {
    return null;
  }
}

/** What was checked last, whatever it was checked by; null where there is none. */
export function lastChecked(file: string): Pick<Checked, 'config' | 'from'> | null {
  try {
    const { config, from = null } = JSON.parse(readFileSync(file, 'utf8')) as Checked;
    return { config, from };
  } catch {
    return null;
  }
}

/** Keeps it for the next command. For its owner only: a URL in it may be a secret. */
export function remember(file: string, key: string, config: Config, from: string | null = null): void {
  try {
    writeAtomically(file, JSON.stringify({ key, config, from } satisfies Checked), { durable: false });
  } catch {
    // a full disk, or another user's home: the next command checks it again
  }
}
