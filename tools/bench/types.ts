/** The input of every part of the benchmark, and the form of a skipped part. */

export interface Bench {
  quick: boolean;
  log: (text: string) => void;
}

export interface Skipped {
  name: string;
  why: string;
  install?: string;
}

/** The ports of two running upstreams. */
export interface Upstreams {
  blue: number;
  green: number;
}

export type Upstream = keyof Upstreams;
