/** The configuration of a home that was started: the clone's file as it is now, or the one that was checked last. */
import type { Config } from './load';
import { configInForce } from './load';
import type { Home } from '../home/home';
import { readSettings } from './saved-settings';

/** Throws E_CONFIG where neither can be used, E_HOME. */
export function configNow(home: Pick<Home, 'settings' | 'checkedConfig'>, root: string): Config {
  const known = { file: home.checkedConfig, build: null };
  return configInForce(root, readSettings(home.settings), known).config;
}
