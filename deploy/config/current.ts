/** The current configuration of a started home: the clone's file, or the last validated configuration. */
import type { Config } from './load';
import { configInForce } from './load';
import type { Home } from '../home/home';
import { readSettings } from './saved-settings';

/** Throws E_CONFIG if neither is usable, and E_HOME. */
export function configNow(home: Pick<Home, 'settings' | 'checkedConfig'>, root: string): Config {
  const known = { file: home.checkedConfig, build: null };
  return configInForce(root, readSettings(home.settings), known).config;
}
