/** How much traffic a verdict needs to be worth something: told before a canary begins. Pure. */
import { count, percent } from '../format';
import { Z_0_4_PERCENT, Z_5_PERCENT } from './statistics';

/** What is asked: with so many requests, is a canary that fails `now` of them noticed beside a stable one that fails `usual`? */
export interface Difference {
  usual: number;
  now: number;
}

export interface Needed {
  /** Requests to the canary alone. */
  canary: number;
  /** Requests to both during the step. */
  both: number;
}

/** The formula takes counts of few errors for symmetric, which they are not: so much more keeps what it promises. */
const MARGIN = 1.1;
/** What is told about. */
const TOLD: Difference = { usual: 0.01, now: 0.02 };

/**
 * With so many requests in a step the difference is noticed in 95 of 100 cases: by Fleiss, Tytun and Ury's formula for
 * two ratios on sides of different size (Biometrics 36, 1980), which is that of the exact test; and so that what is
 * seen lies over what matters in 95 of 100 cases too. Infinite for a difference that does not matter.
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

/** Told before the first step: `canary needs about 54,200 requests per step to see 2 % against 1 % (2,710 of them at 5 %)`. */
export function needSentence(share: number, extraErrors: number): string {
  const { canary, both } = requestsNeeded(TOLD, share, extraErrors);
  const what = `${percent(TOLD.now)} against ${percent(TOLD.usual)}`;
  if (both === Infinity) return `a canary with ${what} is never failed: extraErrors is as much`;
  return `canary needs about ${about(both)} requests per step to see ${what} (${about(canary)} of them at ${percent(share)})`;
}

/** More than two digits of an estimate are a pretence. */
export function about(number: number): string {
  if (number < 100) return count(Math.ceil(number));
  const digit = 10 ** (Math.floor(Math.log10(number)) - 1);
  return count(Math.ceil(number / digit) * digit);
}
