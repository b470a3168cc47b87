/** The measurements of a run; docs/benchmarks.json has this shape. */
import type { InstallResult } from './sections/install';
import type { OldSlotResult } from './sections/old-slot';
import type { PeersResult } from './sections/peers';
import type { PushResult } from './sections/push';
import type { RollbackResult } from './sections/rollback';
import type { ThroughputResult } from './sections/throughput';
import type { Skipped } from './types';

export interface Bound {
  what: string;
  allowed: string;
  measured: string;
  kept: boolean;
}

/** The parts that ran. */
export interface Results {
  peers?: PeersResult;
  throughput?: ThroughputResult;
  oldSlot?: OldSlotResult;
  push?: { pm2: PushResult; compose?: PushResult };
  rollback?: RollbackResult;
  install?: InstallResult;
}

export interface Run {
  machine: Record<string, string>;
  results: Results;
  bounds: Bound[];
  skipped: Skipped[];
}
