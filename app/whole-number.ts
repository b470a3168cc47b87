/** Validates numbers from a URL or the environment, where everything is text. */
import { z } from 'zod';

/** Digits only, since Number() would also accept "1e2", "0x10" and " 7 ". */
export function wholeNumber(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z
    .string({ error: rule })
    .regex(/^\d{1,16}$/, rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
}
