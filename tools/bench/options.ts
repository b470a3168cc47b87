/** Reads the options of `npm run bench`. Pure. */
import { KnownFailure } from '../../scripts/lib/known';

export const PARTS = ['peers', 'throughput', 'oldSlot', 'push', 'rollback', 'install'] as const;
/** These are quick, because they need no clone. */
const QUICK: Part[] = ['peers', 'throughput', 'oldSlot'];
const HINT = 'npm run bench -- [--quick] [--only part,part] [--json] [--publish]';

export type Part = (typeof PARTS)[number];

export interface Options {
  quick: boolean;
  json: boolean;
  publish: boolean;
  parts: Part[];
}

/** Throws E_USAGE. */
export function readOptions(args: string[]): Options {
  const flags = { quick: false, json: false, publish: false };
  let only: string[] | undefined;
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--only') only = (rest.shift() ?? '').split(',');
    else if (word === '--quick' || word === '--json' || word === '--publish')
      flags[word.slice(2) as keyof typeof flags] = true;
    else throw usage(`The benchmark does not know "${word}".`);
  }
  const unknown = only?.find((part) => !isPart(part));
  if (unknown !== undefined) throw usage(`There is no part "${unknown}": ${PARTS.join(', ')}.`);
  if (flags.publish && (flags.quick || only)) throw usage('Only a whole run is published.');
  return { ...flags, parts: only?.filter(isPart) ?? (flags.quick ? QUICK : [...PARTS]) };
}

function isPart(name: string): name is Part {
  return (PARTS as readonly string[]).includes(name);
}

function usage(message: string): Error {
  return new KnownFailure('E_USAGE', message, HINT);
}
