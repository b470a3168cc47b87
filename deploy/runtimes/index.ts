/** The runtimes by the name that `runtime` has in deploy.config.js. */
import type { Config } from '../config';
import type { Runtime } from '../core/seams';
import type { RuntimeOptions } from './pm2';
import { createPm2Runtime } from './pm2';

const runtimes = {
  pm2: createPm2Runtime,
} satisfies Record<Config['runtime'], (options: RuntimeOptions) => Runtime>;

/** The configured runtime. */
export function createRuntime(name: Config['runtime'], options: RuntimeOptions): Runtime {
  return runtimes[name](options);
}
