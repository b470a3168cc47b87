/**
 * Runs the same tests under both runtimes. A machine without an engine skips those with containers, by name.
 * test/README.md lists the tests that run twice and those that do not depend on the runtime.
 */
import type { Config } from '../../deploy/config/load';
import { ownName } from './docker';
import { docker, needs } from './needs';

export type RuntimeName = Config['runtime'];

/** @param probe returns the reason this machine cannot run containers, or null */
export function forEachRuntime(stories: (runtime: RuntimeName) => void, probe = docker): void {
  describe('under PM2', () => stories('pm2'));
  if (process.env.SWITCHYARD_TEST_RUNTIMES === 'pm2') return;
  needs('containers', probe).describe('in containers', () => stories('compose'));
}

/** The variables that choose a clone's runtime, with a unique name for its containers. */
export function environmentOf(runtime: RuntimeName): Record<string, string> {
  return runtime === 'pm2' ? {} : { RUNTIME: runtime, APP_NAME: ownName() };
}
