/**
 * Replaces the webhook secret without an outage: the earlier one stays valid for a while, so that the source can be
 * updated.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeAtomically } from '../os/atomic-write';
import type { Home } from './home';
import { readSecret } from './webhook-secret';

type SecretFiles = Pick<Home, 'secret' | 'earlierSecret'>;

const earlierSchema = z.object({
  secret: z.string().min(1),
  /** Milliseconds since 1970. */
  validUntil: z.number(),
});

/**
 * Stores a new random secret and returns it.
 * @param validUntil when the current one expires, milliseconds since 1970
 */
export function rotateSecret(home: SecretFiles, validUntil: number): string {
  const fresh = randomBytes(32).toString('hex');
  // written first, so that a kill between the two writes leaves the current secret valid
  const earlier = { secret: readSecret(home), validUntil };
  writeAtomically(home.earlierSecret, `${JSON.stringify(earlier)}\n`);
  writeAtomically(home.secret, `${fresh}\n`);
  return fresh;
}

/** When the earlier secret expires, in milliseconds since 1970; null if no earlier one is valid. */
export function earlierValidUntil(home: Pick<Home, 'earlierSecret'>, now = Date.now()): number | null {
  const earlier = readEarlier(home);
  return earlier !== null && earlier.validUntil > now ? earlier.validUntil : null;
}

/**
 * Returns a function that lists the valid secrets. A rotation takes effect immediately. Any other change of the file
 * needs a restart of the deployer, so that a file that an operator breaks does not cause every webhook to be refused.
 */
export function validSecrets(home: SecretFiles, now: () => number = Date.now): () => string[] {
  let current = readSecret(home);
  let known = readEarlier(home)?.secret;
  return () => {
    const earlier = readEarlier(home);
    if (earlier === null) return [current];
    if (earlier.secret !== known) {
      known = earlier.secret;
      current = readSecret(home);
    }
    return earlier.validUntil > now() ? [current, earlier.secret] : [current];
  };
}

function readEarlier({ earlierSecret }: Pick<Home, 'earlierSecret'>): z.output<typeof earlierSchema> | null {
  try {
    return earlierSchema.parse(JSON.parse(readFileSync(earlierSecret, 'utf8')));
  } catch {
    return null;
  }
}
