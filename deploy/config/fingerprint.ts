/** By what a configuration is known again, so that a deployer that has read an earlier one is seen. */
import { createHash } from 'node:crypto';
import type { Config } from './load';

/** The same for the same values; a URL in it, which may be a secret, cannot be read from it. */
export function configMark(config: Config): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16);
}
