/** Reads the options of a tool. */
import { parseArgs } from 'node:util';
import { KnownFailure } from '../../scripts/lib/known';

/** Every option takes a value. Throws E_USAGE. @param hint shows the options */
export function readOptions<Name extends string>(
  args: string[],
  names: readonly Name[],
  hint: string,
): Partial<Record<Name, string>> {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args, options }).values as Partial<Record<Name, string>>;
  } catch (error) {
    throw new KnownFailure('E_USAGE', (error as Error).message, hint);
  }
}
