import { schema } from '../../deploy/config/schema';
import type { CanaryRule } from '../../deploy/core/canary/verdict';

/** As it is where nobody says anything. */
export const RULE: CanaryRule = schema.parse({}).canary;
