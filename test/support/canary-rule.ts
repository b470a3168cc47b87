import { schema } from '../../deploy/config/schema';
import type { CanaryRule } from '../../deploy/core/canary/verdict';

/** The defaults. */
export const RULE: CanaryRule = schema.parse({}).canary;
