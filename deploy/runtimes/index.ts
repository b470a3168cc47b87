/** Maps each value of `runtime` in deploy.config.js to its runtime. */
import type { Config } from '../config/load';
import type { Runtime } from '../core/interfaces';
import type { Home } from '../home/home';
import { createComposeRuntime } from './compose';
import { createPm2Runtime } from './pm2';

export interface RuntimeOptions {
  home: Home;
  /** The clone that the kit runs from. */
  root: string;
  config: Config;
}

const runtimes = {
  pm2: ({ home, config }) => createPm2Runtime({ home, stopSeconds: config.limits.stop }),
  compose: ({ home, root, config }) => createComposeRuntime({ home, root, name: config.name, config }),
} satisfies Record<Config['runtime'], (options: RuntimeOptions) => Runtime>;

/** The configured runtime. */
export function createRuntime(options: RuntimeOptions): Runtime {
  return runtimes[options.config.runtime](options);
}
