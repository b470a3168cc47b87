/** The webhook's secret: made once, kept in the home with mode 0600, never in a log or an environment. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { KnownError } from './core/errors';
import type { Home } from './home';

const SHORTEST = 16;
const MODE = 0o600;
/** What examples and tutorials are made of, GitHub's own included; also one that is nothing but such words. */
const EXAMPLE_WORDS =
  /everybody|change|replace|enter|insert|your|super|strong|random|value|string|webhook|github|git|switchyard|deploy|secret|token|password|example|sample|default|admin|test|development|production|dev|prod|please|here|this|with|long|very|some|own|key|the|its|put|foo|bar|our|my|me|to/g;

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

/** Hardly a letter is left without the words, or it is one character again and again. */
function isExample(secret: string): boolean {
  const letters = secret.toLowerCase().replace(/[^a-z]/g, '');
  const rest = secret.length - letters.length;
  const onlyWords = letters.replace(EXAMPLE_WORDS, '').length <= 1 && rest < SHORTEST;
  return onlyWords || /^(.)\1*$/.test(secret);
}

/** Keeps the given secret, or makes one when there is none yet. Throws E_SECRET. */
export function prepareSecret(home: Pick<Home, 'secret'>, given: string | undefined): void {
  if (given !== undefined) writeSecret(home, checkSecret(given));
  else if (!existsSync(home.secret)) writeSecret(home, randomBytes(32).toString('hex'));
  else readSecret(home);
  // a mode given with the text counts only for a new file
  chmodSync(home.secret, MODE);
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
  writeFileSync(home.secret, `${secret}\n`, { mode: MODE });
}
