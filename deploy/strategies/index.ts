/** The strategies by name. */
import type { Strategy } from '../core/seams';
import { blueGreen } from './blue-green';
import { canary } from './canary';

export const strategies = {
  'blue-green': blueGreen,
  canary,
} satisfies Record<string, Strategy>;
