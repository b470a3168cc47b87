/** One line about a canary's step while it runs. Pure. */
import { count, duration, percent } from '../format';
import type { CanaryDecision } from './decide';
import type { Samples } from './verdict';

export interface Progress {
  /** The canary's share of the users, 0 to 100. */
  share: number;
  /** The share of the next step; 100 after the last one. */
  next: number;
  canary: Pick<Samples, 'requests' | 'errors'>;
  stable: Pick<Samples, 'requests' | 'errors'>;
  move: Extract<CanaryDecision, { do: 'collect' }>;
  /** Milliseconds until the verdict or, while it lacks data, until it asks an operator. */
  leftMs: number;
}

/** `5 %: canary 1,203 requests, 2 failed; stable 22,104 requests, 3 failed; verdict in 41.0 s, then 25 %`. */
export function progressLine({ share, next, canary, stable, move, leftMs }: Progress): string {
  const then = `then ${next >= 100 ? 'all users' : percent(next / 100)}`;
  const decision = move.few
    ? `not enough data for a verdict yet, asks an operator in ${duration(leftMs)}`
    : `verdict in ${duration(leftMs)}, ${then}`;
  return `${percent(share / 100)}: canary ${figures(canary)}; stable ${figures(stable)}; ${decision}`;
}

function figures({ requests, errors }: Pick<Samples, 'requests' | 'errors'>): string {
  return `${count(requests)} requests, ${count(errors)} failed`;
}
