/** Parses options that limit the number of lines or rows. */
import { KnownError } from '../core/errors';

/** The option's number, or `usual` without the option. Throws E_USAGE. @param name the option as typed: `--limit` */
export function parseCount(given: string | undefined, usual: number, name: string): number {
  if (given === undefined) return usual;
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given);
  throw new KnownError('E_USAGE', `${name} is a number from 1 on, not "${given}".`);
}
