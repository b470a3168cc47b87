/** Validates a configuration. An invalid key is named, with its place and the closest known key. */
import type { z } from 'zod';
import { KnownError } from '../core/errors';
import { didYouMean } from './did-you-mean';
import type { Config, schema as Schema } from './schema';
import { ENVIRONMENT, valueAt, type Settings } from './settings';

/** Loaded on demand, because zod is too slow to load for a quick command. */
export function schema(): typeof Schema {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./schema') as { schema: typeof Schema }).schema;
}

/**
 * The configuration with its defaults. Throws E_CONFIG.
 * @param file its name, for the message
 * @param settings those that were applied to it: the message then names the variable
 */
export function parseConfig(value: unknown, file: string, settings: Settings): Config {
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
