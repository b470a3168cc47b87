/** How many of something a person wants to see. */
import { KnownError } from '../core/errors';

/** The option's number, or `usual` without it. Throws E_USAGE. @param name as it was typed: `--limit` */
export function countOf(given: string | undefined, usual: number, name: string): number {
  if (given === undefined) return usual;
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given);
  throw new KnownError('E_USAGE', `${name} is a number from 1 on, not "${given}".`);
}
