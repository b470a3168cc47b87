import type { Config } from '../config';
import type { Home } from '../home';

export interface PackingOptions {
  home: Home;
  /** The clone that the kit runs from. */
  root: string;
  config: Config;
}
