/** The options of every packing. */
import type { Config } from '../../config/load';
import type { Home } from '../../home/home';

export interface PackingOptions {
  home: Home;
  /** The clone that the kit runs from. */
  root: string;
  config: Config;
}
