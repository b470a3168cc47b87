/**
 * The same stories over both runtimes. What a machine without an engine cannot run is skipped by name. Which stories
 * are told twice, and which have nothing to do with the runtime, stands in test/README.md.
 */
import type { Config } from '../../deploy/config/load';
import { ownName } from './docker';
import { docker, needs } from './needs';

export type RuntimeName = Config['runtime'];

/** @param probe why this machine cannot run the stories with containers, or null */
export function forEachRuntime(stories: (runtime: RuntimeName) => void, probe = docker): void {
  describe('under PM2', () => stories('pm2'));
  if (process.env.SWITCHYARD_TEST_RUNTIMES === 'pm2') return;
  needs('containers', probe).describe('in containers', () => stories('compose'));
}

/** What chooses the runtime for a clone, with a name for its containers that no other copy has. */
export function environmentOf(runtime: RuntimeName): Record<string, string> {
  return runtime === 'pm2' ? {} : { RUNTIME: runtime, APP_NAME: ownName() };
}
