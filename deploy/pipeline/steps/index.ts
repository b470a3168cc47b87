/** Dispatches each kind of step to the function that runs it. */
import type { Step } from '../../core/plan';
import type { DeployContext } from '../../context';
import { bake } from './bake';
import { hold } from './hold';
import { judge } from './canary-step';
import { migrate } from './migrate';
import { shift } from './shift';
import { start } from './start';
import type { Outcome, StepContext } from './step-context';
import { stop } from './stop';
import { verify, verifyLive } from './verify';

type Kind = Step['do'];
type Perform<Do extends Kind> = (
  context: DeployContext,
  step: Extract<Step, { do: Do }>,
  how: StepContext,
) => Promise<Outcome>;

const STEPS = {
  migrate: async (context, step, { deploymentId }) => ({
    detail: await migrate(context, step, deploymentId),
  }),
  start,
  stop,
  verify,
  hold: async (context, step, how) => ({ detail: await hold(context, step, how) }),
  shift,
  judge,
  'verify-live': verifyLive,
  bake: (context, step, how) =>
    bake(
      context,
      step,
      how.before(),
      how.bakeEnded,
      (message) => context.journal.warn(how.deploymentId, message),
      how.signal,
    ),
} satisfies { [Do in Kind]: Perform<Do> };

/** Runs the step. Throws a KnownError. */
export function runStep(context: DeployContext, step: Step, how: StepContext): Promise<Outcome> {
  return (STEPS[step.do] as Perform<Kind>)(context, step, how);
}
