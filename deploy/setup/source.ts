/** A source that npm start is given is one this machine can read. */
import { word } from '../core/shell-word';
import { KnownError } from '../core/errors';
import type { Config } from '../config/load';
import { askSource } from '../git/ask-source';
import { withoutPassword } from '../core/redact-url';
import type { Home } from '../home/home';
import { keptSettings } from '../config/saved-settings';
import { say } from './say';

const ANSWER_WITHIN_MS = 5000;

/**
 * Throws E_SOURCE for a SOURCE that cannot be read, before anything is changed. One that an earlier start has kept may
 * be away for a while, as after a reboot without a network.
 */
export async function checkGivenSource(
  home: Home,
  given: string | undefined,
  { branch }: Config,
): Promise<void> {
  if (!given || given === keptSettings(home.settings).SOURCE) return;
  const asked = await askSource(home, given, branch, ANSWER_WITHIN_MS);
  if (typeof asked === 'string') return;
  const shown = withoutPassword(given);
  throw new KnownError(
    'E_SOURCE',
    `SOURCE=${shown} cannot be read, so nothing was changed: ${asked.why}.`,
    `Correct it, or let this machine read it: git ls-remote ${word(shown)}`,
  );
}

/** Says when the source in force cannot be read, or has no branch to deploy. */
export async function sayWhetherSourceAnswers(home: Home, { source, branch }: Config): Promise<void> {
  if (source === null) return;
  const asked = await askSource(home, source, branch, ANSWER_WITHIN_MS);
  const shown = withoutPassword(source);
  if (typeof asked !== 'string') {
    say(`! the source ${shown} cannot be read: ${asked.why}; new commits are deployed once it can`);
  } else if (asked === '') say(`! the source ${shown} has no branch "${branch}"`);
}
