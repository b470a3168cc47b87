/** A clock that every process of this machine shares and that nobody can set. */

const NS_PER_MS = 1_000_000n;

/** Milliseconds since the machine booted. A step of the wall clock, or a stopped process, does not change it. */
export function machineMs(): number {
  return Number(process.hrtime.bigint() / NS_PER_MS);
}
