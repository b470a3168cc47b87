/** The strategies by name. */
import type { Strategy } from '../core/seams';
import { blueGreen } from './blue-green';

export const strategies = {
  'blue-green': blueGreen,
} satisfies Record<string, Strategy>;
