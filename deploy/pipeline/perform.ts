/** Carries out one step: what each kind does, and nothing about their order. */
import type { Step } from '../core/types';
import type { Yard } from '../yard';
import { bake } from './bake';
import { hold } from './hold';
import { judge } from './judge';
import { migrate } from './migrate';
import { shift } from './steps/shift';
import { start } from './steps/start';
import type { Outcome, StepContext } from './steps/step-context';
import { warner } from './steps/step-context';
import { stop } from './steps/stop';
import { verify, verifyLive } from './steps/verify';

type Kind = Step['do'];
type Perform<Do extends Kind> = (
  yard: Yard,
  step: Extract<Step, { do: Do }>,
  how: StepContext,
) => Promise<Outcome>;

const STEPS = {
  migrate: async (yard, step, { deploymentId }) => ({ detail: await migrate(yard, step, deploymentId) }),
  start,
  stop,
  verify,
  hold: async (yard, step, how) => ({ detail: await hold(yard, step, how) }),
  shift,
  judge,
  'verify-live': verifyLive,
  bake: (yard, step, how) => bake(yard, step, how.before(), how.bakeEnded, warner(yard, how), how.signal),
} satisfies { [Do in Kind]: Perform<Do> };

/** Does the step. Throws a KnownError. */
export function performStep(yard: Yard, step: Step, how: StepContext): Promise<Outcome> {
  return (STEPS[step.do] as Perform<Kind>)(yard, step, how);
}
