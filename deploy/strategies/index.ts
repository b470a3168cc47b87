/** The strategies by name. */
import type { Strategy } from '../core/interfaces';
import { blueGreen } from './blue-green';
import { canary } from './canary';
import { inPlace } from './in-place';
import { rolling } from './rolling';

export const strategies = {
  'blue-green': blueGreen,
  canary,
  'in-place': inPlace,
  rolling,
} satisfies Record<string, Strategy>;
