/** The option `--strategy`. */
import { didYouMean } from '../config/did-you-mean';
import { KnownError } from '../core/errors';
import { printable } from '../core/format';
import type { StrategyName } from '../core/strategy-choice';

/** Null if the option is absent. Throws E_USAGE and suggests the nearest name. */
export function strategyNamed<Name extends StrategyName>(
  name: string | undefined,
  names: readonly Name[],
): Name | null {
  if (name === undefined) return null;
  const found = names.find((each) => each === name);
  if (found !== undefined) return found;
  const near = didYouMean(name, names);
  const known = `The strategies are: ${names.join(', ')}.`;
  throw new KnownError(
    'E_USAGE',
    `There is no strategy "${printable(name)}".`,
    near ? `Did you mean ${near}? ${known}` : known,
  );
}
