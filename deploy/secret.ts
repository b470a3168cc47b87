/** The webhook's secret: made once, kept in the home with mode 0600, never in a log or an environment. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { KnownError } from './core/errors';
import type { Home } from './home';

const SHORTEST = 16;
/** What examples and tutorials use, ours included. */
const EXAMPLES =
  /^(secret|changeme|change-me|your[-_ ]?(webhook[-_ ]?)?secret|example|password|test|x+|\*+)/i;

/** Throws E_SECRET for a secret that anybody could guess. */
export function checkSecret(secret: string): string {
  if (secret.trim() === '') throw new KnownError('E_SECRET', 'The webhook secret is empty.');
  if (EXAMPLES.test(secret))
    throw new KnownError('E_SECRET', 'The webhook secret is an example, not a secret.');
  if (secret.length < SHORTEST) {
    throw new KnownError('E_SECRET', `The webhook secret has fewer than ${SHORTEST} characters.`);
  }
  return secret;
}

/** Keeps the given secret, or makes one when there is none yet. Throws E_SECRET. */
export function prepareSecret(home: Pick<Home, 'secret'>, given: string | undefined): void {
  if (given !== undefined) writeSecret(home, checkSecret(given));
  else if (!existsSync(home.secret)) writeSecret(home, randomBytes(32).toString('hex'));
  else readSecret(home);
}

/** The secret of a home. Throws E_SECRET when there is none or a bad one. */
export function readSecret(home: Pick<Home, 'secret'>): string {
  let text: string;
  try {
    text = readFileSync(home.secret, 'utf8').trim();
  } catch {
    throw new KnownError('E_SECRET', 'There is no webhook secret in the home.', 'Make one: npm start');
  }
  return checkSecret(text);
}

function writeSecret(home: Pick<Home, 'secret'>, secret: string): void {
  writeFileSync(home.secret, `${secret}\n`, { mode: 0o600 });
}
