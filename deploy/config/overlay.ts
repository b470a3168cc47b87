/** Applies the settings of an environment to a configuration. */
import { poolFrom, poolOf } from '../core/pool';
import { schema } from './parse';
import { ENVIRONMENT, valueAt, type Settings } from './settings';

/** A copy of the file's value with the settings applied. Invalid values stay, for the schema to report. */
export function overlay(written: unknown, settings: Settings): unknown {
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
