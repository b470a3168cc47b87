/** Seeded randomness: the same seed gives the same run, so tests of probabilities are never flaky. */
export interface SeededRandom {
  /** From 0 up to, but not including, 1. */
  next(): number;
  normal(): number;
  /** How often an event of this probability happens in this many tries. */
  times(tries: number, probability: number): number;
}

/** Mulberry32. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    times: (tries, probability) => {
      if (probability === 0) return 0;
      const logFails = Math.log(1 - probability);
      // jumps from one hit to the next instead of trying each
      const skip = (): number => Math.floor(Math.log(1 - next()) / logFails);
      let happened = 0;
      for (let at = skip(); at < tries; at += 1 + skip()) happened += 1;
      return happened;
    },
  };
}

/** The share of the runs in which it happens. */
export function shareOf(runs: number, happens: () => boolean): number {
  let happened = 0;
  for (let run = 0; run < runs; run++) if (happens()) happened += 1;
  return happened / runs;
}
