/** The webhook secret: created once, stored in the home with mode 0600, never in a log or an environment. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { KnownError } from '../core/errors';
import { strengthOf } from '../core/secret-strength';
import type { Home } from './home';
import { writeAtomically } from '../os/atomic-write';

const SHORTEST = 16;
/** Eight random bytes have 64; chance makes a few of them look weaker. */
const WEAKEST_BITS = 42;
const MODE = 0o600;
/** Words of example secrets in tutorials; "It's a Secret to Everybody" is GitHub's own. */
const EXAMPLE_WORDS = new Set(
  (
    'a change changeme default development everybody example github here insert it key me my password random ' +
    'replace s secret string super switchyard test the to token value webhook with your'
  ).split(' '),
);
/** Fewer digits than this do not make such words a secret: `password123`. */
const FEW_DIGITS = 8;

/** Returns a new secret without surrounding spaces. Throws E_SECRET if it is easy to guess. */
export function checkSecret(text: string): string {
  const secret = checkStored(text);
  if (strengthOf(secret) >= WEAKEST_BITS) return secret;
  throw new KnownError(
    'E_SECRET',
    'The webhook secret is easy to guess: words, repetitions or rows of keys.',
  );
}

/** Laxer than for a new secret: an accepted secret must not prevent a start after a reboot. */
function checkStored(text: string): string {
  const secret = text.trim();
  if (secret === '') throw new KnownError('E_SECRET', 'The webhook secret is empty.');
  if (isExample(secret)) throw new KnownError('E_SECRET', 'The webhook secret is an example, not a secret.');
  if (secret.length < SHORTEST) {
    throw new KnownError('E_SECRET', `The webhook secret has fewer than ${SHORTEST} characters.`);
  }
  return secret;
}

/** True for nothing but example words, or one repeated character. */
function isExample(secret: string): boolean {
  const words = secret.toLowerCase().match(/[a-z]+/g) ?? [];
  const digits = secret.replace(/\D/g, '').length;
  const onlyWords = words.length > 0 && words.every((word) => EXAMPLE_WORDS.has(word)) && digits < FEW_DIGITS;
  return onlyWords || /^(.)\1*$/.test(secret);
}

/** Stores the given secret, or creates one if there is none yet. Throws E_SECRET. */
export function prepareSecret(home: Pick<Home, 'secret'>, given: string | undefined): void {
  const isKept = existsSync(home.secret) && (given === undefined || isStoredSecret(home, given));
  if (isKept) readSecret(home);
  else writeSecret(home, given === undefined ? randomBytes(32).toString('hex') : checkSecret(given));
  // an operator may have changed the mode of a stored secret
  chmodSync(home.secret, MODE);
}

/** Reads the home's secret. Throws E_SECRET when it is missing or bad. */
export function readSecret(home: Pick<Home, 'secret'>): string {
  let text: string;
  try {
    text = readFileSync(home.secret, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error;
    throw new KnownError('E_SECRET', 'There is no webhook secret in the home.', 'Create one: npm start');
  }
  return checkStored(text);
}

/** Whether this text is the stored secret, good or bad. */
export function isStoredSecret(home: Pick<Home, 'secret'>, given: string): boolean {
  return readFileSync(home.secret, 'utf8').trim() === given.trim();
}

function writeSecret(home: Pick<Home, 'secret'>, secret: string): void {
  writeAtomically(home.secret, `${secret}\n`);
}
