/** The webhook's secret: made once, kept in the home with mode 0600, never in a log or an environment. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { KnownError } from '../core/errors';
import type { Home } from './home';
import { writeAtomically } from '../os/atomic-write';

const SHORTEST = 16;
const MODE = 0o600;
/** What the secrets of examples and tutorials are made of; "It's a Secret to Everybody" is GitHub's own. */
const EXAMPLE_WORDS = new Set(
  (
    'a change changeme default development everybody example github here insert it key me my password random ' +
    'replace s secret string super switchyard test the to token value webhook with your'
  ).split(' '),
);
/** Fewer digits than these add no secret to such words: `password123`. */
const FEW_DIGITS = 8;

/** The secret without spaces around it. Throws E_SECRET for one that anybody could guess. */
export function checkSecret(text: string): string {
  const secret = text.trim();
  if (secret === '') throw new KnownError('E_SECRET', 'The webhook secret is empty.');
  if (isExample(secret)) throw new KnownError('E_SECRET', 'The webhook secret is an example, not a secret.');
  if (secret.length < SHORTEST) {
    throw new KnownError('E_SECRET', `The webhook secret has fewer than ${SHORTEST} characters.`);
  }
  return secret;
}

/** Nothing but words of examples, or one character again and again. */
function isExample(secret: string): boolean {
  const words = secret.toLowerCase().match(/[a-z]+/g) ?? [];
  const digits = secret.replace(/\D/g, '').length;
  const onlyWords = words.length > 0 && words.every((word) => EXAMPLE_WORDS.has(word)) && digits < FEW_DIGITS;
  return onlyWords || /^(.)\1*$/.test(secret);
}

/** Keeps the given secret, or makes one when there is none yet. Throws E_SECRET. */
export function prepareSecret(home: Pick<Home, 'secret'>, given: string | undefined): void {
  if (given !== undefined) writeSecret(home, checkSecret(given));
  else if (!existsSync(home.secret)) writeSecret(home, randomBytes(32).toString('hex'));
  else readSecret(home);
  // an operator may have opened a kept one
  chmodSync(home.secret, MODE);
}

/** The secret of a home. Throws E_SECRET when there is none or a bad one. */
export function readSecret(home: Pick<Home, 'secret'>): string {
  let text: string;
  try {
    text = readFileSync(home.secret, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error;
    throw new KnownError('E_SECRET', 'There is no webhook secret in the home.', 'Make one: npm start');
  }
  return checkSecret(text);
}

function writeSecret(home: Pick<Home, 'secret'>, secret: string): void {
  writeAtomically(home.secret, `${secret}\n`);
}
