/** Watches the machine's memory while a process runs: by the time its failure is reported, the memory is free again. */
import type { MemorySeen } from '../core/machine-fault';
import { machineMs } from './machine-clock';
import { availableMemory, outOfMemoryKills } from './resources';

const SAMPLE_EVERY_MS = 200;

export interface MemorySamples {
  /** To call often; it measures five times a second at most. */
  sample(): void;
  seen(): MemorySeen;
}

export function memorySamples(): MemorySamples {
  const killsBefore = outOfMemoryKills();
  let leastMemory = availableMemory();
  let next = machineMs() + SAMPLE_EVERY_MS;
  const measure = (): void => {
    next = machineMs() + SAMPLE_EVERY_MS;
    leastMemory = Math.min(leastMemory, availableMemory());
  };
  return {
    sample() {
      if (machineMs() >= next) measure();
    },
    seen() {
      measure();
      return { leastMemory, outOfMemory: outOfMemoryKills() > killsBefore };
    },
  };
}

/** Samples by itself until it is stopped. */
export function watchMemory(): { stop(): MemorySeen } {
  const samples = memorySamples();
  const timer = setInterval(() => samples.sample(), SAMPLE_EVERY_MS);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      return samples.seen();
    },
  };
}
