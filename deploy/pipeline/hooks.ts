/**
 * Runs the hooks of the clone's own configuration. They belong to the operator, not to the commit: they run in the
 * clone and get none of the app's secrets.
 */
import { redactorOf } from '../config/app-environment';
import type { CommandResult } from '../os/command';
import { deploymentLog, runCommand } from '../os/command';
import { KnownError, asKnown } from '../core/errors';
import { isRevival } from '../core/restore-chain';
import { failureLine } from '../core/failure-line';
import type { Deployment } from '../core/deployment';
import type { Moment, Stage } from '../core/event';
import type { Plan, Step } from '../core/plan';
import type { DeployContext } from '../context';
import { phase } from '../journal/phase';

/** Runs the hook for this moment, if one is configured. Throws E_HOOK. */
export async function runHook(
  context: DeployContext,
  id: number,
  moment: Moment,
  signal?: AbortSignal,
): Promise<void> {
  const argv = context.config.hooks[moment];
  const deployment = context.journal.get(id);
  // no hook may block a restore after an outage
  if (!argv || !deployment || (isRevival(deployment) && moment !== 'failure')) return;
  await phase(
    { report: (entry) => context.journal.record(id, entry), ...(signal && { signal }) },
    moment,
    () => execute(context, deployment, moment, argv),
    (result) => failureLine(result.lastLines),
  );
}

/** Runs a hook when the deployment can no longer fail, so a failure only logs a warning. */
export async function runHookOrWarn(context: DeployContext, id: number, moment: Moment): Promise<void> {
  await runHook(context, id, moment).catch((error: unknown) =>
    context.journal.warn(id, asKnown(error).message),
  );
}

/** The stage of a step that has hooks, or null. Stage `shift` is the shift that moves all users to the new release. */
export function stageOf(step: Step, plan: Plan): Stage | null {
  switch (step.do) {
    case 'migrate':
    case 'start':
      return step.do;
    case 'verify-live':
      return 'live';
    case 'shift':
      return step === lastShift(plan) ? 'shift' : null;
    case 'stop':
    case 'verify':
    case 'hold':
    case 'judge':
    case 'bake':
      return null;
  }
}

/** After this shift every user has the new release. */
function lastShift(plan: Plan): Step | undefined {
  const live = plan.findIndex(({ step }) => step.do === 'verify-live');
  return plan.slice(0, Math.max(live, 0)).findLast(({ step }) => step.do === 'shift')?.step;
}

async function execute(
  context: DeployContext,
  deployment: Deployment,
  moment: Moment,
  argv: string[],
): Promise<CommandResult> {
  const limit = context.config.limits.hook;
  const result = await runCommand({
    argv,
    cwd: context.root,
    env: variablesOf(deployment, moment),
    logFile: deploymentLog(context.home, deployment.id),
    timeoutSeconds: limit,
    deploymentId: deployment.id,
    redact: redactorOf(context.home),
  });
  const hook = `The hook "${moment}" (${argv.join(' ')})`;
  if (result.timedOut) throw new KnownError('E_HOOK', `${hook} took longer than ${limit} s (limits.hook).`);
  if (result.exitCode === 0) return result;
  const end =
    result.signal === null ? `exited with code ${result.exitCode}` : `was killed by ${result.signal}`;
  const line = failureLine(result.lastLines);
  throw new KnownError('E_HOOK', `${hook} ${end}${line && `: ${line}`}`);
}

/** An unknown or inapplicable value is an empty string. */
function variablesOf(deployment: Deployment, moment: Moment): Record<string, string> {
  const { id, kind, commit, version, to, from, cause } = deployment;
  return {
    SWITCHYARD_MOMENT: moment,
    SWITCHYARD_DEPLOYMENT: String(id),
    SWITCHYARD_KIND: kind,
    SWITCHYARD_COMMIT: commit ?? '',
    SWITCHYARD_VERSION: version ?? '',
    SWITCHYARD_SLOT: to?.slot ?? '',
    SWITCHYARD_FROM: from?.commit ?? '',
    SWITCHYARD_CAUSE: moment === 'failure' ? (cause ?? '') : '',
  };
}
