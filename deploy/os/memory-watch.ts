/**
 * Samples the machine's memory while a process is running, because the memory is free again by the time its failure is
 * reported.
 */
import type { MemorySeen } from '../core/machine-fault';
import { machineMs } from './machine-clock';
import { availableMemory, outOfMemoryKills } from './resources';

const SAMPLE_EVERY_MS = 200;

export interface MemorySamples {
  /** May be called often; it measures at most five times a second. */
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

/** Samples on a timer until it is stopped. */
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
