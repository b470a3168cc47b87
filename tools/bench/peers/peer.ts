/** A way to switch traffic on one machine. */
import type { Upstream, Upstreams } from '../types';

export interface Running {
  port: number;
  /** Resolves once new requests go there. */
  switchTo: (slot: Upstream) => Promise<unknown>;
  stop: () => Promise<unknown>;
}

export interface Peer {
  name: string;
  detect: () => Promise<{ version: string } | { missing: string; install: string }>;
  start: (upstreams: Upstreams) => Promise<Running>;
}
