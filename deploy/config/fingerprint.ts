/** Identifies a configuration, so that a deployer that has read an earlier one is detected. */
import { createHash } from 'node:crypto';
import type { Config } from './load';

/** Equal for equal values. A hash, so that it does not reveal a secret URL. */
export function configMark(config: Config): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16);
}
