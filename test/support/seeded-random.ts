/** Chance that can be repeated: the same seed gives the same run, so that a test of a probability never flickers. */
export interface SeededRandom {
  /** From 0 up to, but not, 1. */
  next(): number;
  normal(): number;
  /** How often something of that probability happens in so many tries. */
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
      // from one time to the next, instead of try by try
      const skip = (): number => Math.floor(Math.log(1 - next()) / logFails);
      let happened = 0;
      for (let at = skip(); at < tries; at += 1 + skip()) happened += 1;
      return happened;
    },
  };
}

/** The share of so many runs in which it happens. */
export function shareOf(runs: number, happens: () => boolean): number {
  let happened = 0;
  for (let run = 0; run < runs; run++) if (happens()) happened += 1;
  return happened / runs;
}
