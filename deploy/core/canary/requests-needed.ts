/** Computes how much traffic a canary verdict needs, for a message before the canary starts. Pure. */
import { count, percent } from '../format';
import { Z_0_4_PERCENT, Z_5_PERCENT } from './statistics';

/** The error ratios to distinguish: stable's (`usual`) and the canary's (`now`). */
export interface Difference {
  usual: number;
  now: number;
}

export interface Needed {
  /** Requests to the canary only. */
  canary: number;
  /** Requests to canary and stable during the step. */
  both: number;
}

/** The formula assumes a symmetric distribution. With few errors it is skewed; 10 % more requests compensate. */
const MARGIN = 1.1;
/** The example in the message. */
const EXAMPLE: Difference = { usual: 0.01, now: 0.02 };

/**
 * The number of requests per step that detects the difference in 95 of 100 cases, and shows one above `extraErrors` in
 * 95 of 100 cases. Uses the formula of Fleiss, Tytun and Ury for two ratios on samples of different size (Biometrics
 * 36, 1980), which approximates the exact test. Infinite for a difference that does not exceed `extraErrors`.
 * @param share the canary's share of the traffic, over 0 and below 1
 * @param extraErrors see CanaryRule
 */
export function requestsNeeded({ usual, now }: Difference, share: number, extraErrors: number): Needed {
  const difference = now - usual;
  if (difference <= extraErrors) return { canary: Infinity, both: Infinity };
  const times = (1 - share) / share;
  const pooled = (now + times * usual) / (1 + times);
  const ifAlike = Math.sqrt(pooled * (1 - pooled) * (1 + 1 / times));
  const ifSo = Math.sqrt(now * (1 - now) + (usual * (1 - usual)) / times);
  const plain = ((Z_0_4_PERCENT * ifAlike + Z_5_PERCENT * ifSo) / difference) ** 2;
  const exact = (plain / 4) * (1 + Math.sqrt(1 + (2 * (times + 1)) / (plain * times * difference))) ** 2;
  const toMatter = ((Z_5_PERCENT * ifSo) / (difference - extraErrors)) ** 2;
  const canary = Math.ceil(MARGIN * Math.max(exact, toMatter));
  return { canary, both: Math.ceil(canary / share) };
}

/**
 * Shown before the first step: `canary needs about 54,200 requests per step to tell 2 % from 1 % (2,710 of them at 5
 * %)`.
 */
export function needSentence(share: number, extraErrors: number): string {
  const { canary, both } = requestsNeeded(EXAMPLE, share, extraErrors);
  const [now, usual] = [percent(EXAMPLE.now), percent(EXAMPLE.usual)];
  if (both === Infinity)
    return `a canary with ${now} errors beside ${usual} never fails: extraErrors allows as much`;
  return `canary needs about ${about(both)} requests per step to tell ${now} from ${usual} (${about(canary)} of them at ${percent(share)})`;
}

/** Rounds up to two digits; the estimate is no more precise than that. */
export function about(number: number): string {
  if (number < 100) return count(Math.ceil(number));
  const digit = 10 ** (Math.floor(Math.log10(number)) - 1);
  return count(Math.ceil(number / digit) * digit);
}
