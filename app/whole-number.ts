/** Numbers as they come in a URL or the environment, where everything is a text. */
import { z } from 'zod';

/** Digits only: Number() would take "1e2", "0x10" and " 7 " as well. */
export function wholeNumber(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z
    .string({ error: rule })
    .regex(/^\d{1,16}$/, rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
}
