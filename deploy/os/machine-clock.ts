/** A monotonic clock that every process on this machine shares. */

const NS_PER_MS = 1_000_000n;

/** Milliseconds since boot. Changes of the wall clock and a stopped process do not affect it. */
export function machineMs(): number {
  return Number(process.hrtime.bigint() / NS_PER_MS);
}
