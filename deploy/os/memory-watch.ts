/** Watches the machine's memory while a command runs: by the time its failure is reported, the memory is free again. */
import { availableMemory, outOfMemoryKills } from './resources';

const SAMPLE_EVERY_MS = 200;

export interface MemoryWatch {
  stop(): {
    /** The least memory that was available, in bytes. */
    leastMemory: number;
    /** True when the kernel killed a process for lack of memory meanwhile. */
    outOfMemory: boolean;
  };
}

export function watchMemory(): MemoryWatch {
  const killsBefore = outOfMemoryKills();
  let leastMemory = availableMemory();
  const sample = (): void => {
    leastMemory = Math.min(leastMemory, availableMemory());
  };
  const timer = setInterval(sample, SAMPLE_EVERY_MS);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      sample();
      return { leastMemory, outOfMemory: outOfMemoryKills() > killsBefore };
    },
  };
}
