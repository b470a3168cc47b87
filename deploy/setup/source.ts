/** Checks that this machine can read the source passed to `npm start`. */
import { shellWord } from '../core/shell-word';
import { KnownError } from '../core/errors';
import type { Config } from '../config/load';
import { askSource } from '../git/ask-source';
import { withoutCredentials, withoutPassword } from '../core/redact-url';
import type { Home } from '../home/home';
import { savedSettings } from '../config/saved-settings';
import { printLine } from './say';

const ANSWER_WITHIN_MS = 5000;
/** The length of a commit id in a SHA-256 repository. */
const SHA256_DIGITS = 64;

/**
 * Throws E_SOURCE for an unreadable SOURCE, and E_SHA256, before anything changes. Does not check a SOURCE that an
 * earlier start saved: it may be unreachable for a while, for example after a reboot without a network.
 */
export async function checkGivenSource(
  home: Home,
  given: string | undefined,
  { branch }: Config,
): Promise<void> {
  if (!given || given === savedSettings(home.settings).SOURCE) return;
  const asked = await askSource(home, given, branch, ANSWER_WITHIN_MS);
  const shown = withoutPassword(given);
  if (typeof asked === 'string' && asked.length === SHA256_DIGITS)
    throw new KnownError('E_SHA256', `SOURCE=${shown} is a SHA-256 repository, so nothing was changed.`);
  if (typeof asked === 'string') return;
  throw new KnownError(
    'E_SOURCE',
    `SOURCE=${shown} cannot be read, so nothing was changed: ${asked.why}.`,
    `Correct it, or let this machine read it: git ls-remote ${shellWord(withoutCredentials(given))}`,
  );
}

/** Prints a warning if the source in force is unreadable or lacks the branch to deploy. */
export async function printSourceProblem(home: Home, { source, branch }: Config): Promise<void> {
  if (source === null) return;
  const asked = await askSource(home, source, branch, ANSWER_WITHIN_MS);
  const shown = withoutPassword(source);
  if (typeof asked !== 'string') {
    printLine(`! the source ${shown} cannot be read: ${asked.why}; new commits are deployed once it can`);
  } else if (asked === '') printLine(`! the source ${shown} has no branch "${branch}"`);
}
