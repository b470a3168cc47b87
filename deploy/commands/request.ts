/** Requests a deployment and shows its progress. */
import type { ControlRequest } from '../http/control-api';
import { requestDeployment } from '../client/control-client';
import type { Deployment } from '../core/deployment';
import { isPausedCanary } from '../core/canary/at-work';
import { isOver } from '../core/transitions';
import type { FollowOptions } from '../client/follow';
import { follow, untilBranchFollows } from '../client/follow';
import { previewOf } from '../http/preview/link';
import { reporterFor } from '../reporters';
import type { Reporter } from '../reporters/reporter';
import { words } from '../reporters/words';
import { driftNow, servingNow } from '../health/serving';
import type { DeployContext } from '../context';
import type { Options } from './run-command';

/** Exit code of a command whose deployment waits for an operator although no hold was requested. */
const WAITS_FOR_OPERATOR = 3;

/**
 * Exit code 0 when it succeeds or holds as requested, 3 when a canary is paused, 1 otherwise. After Ctrl-C the
 * deployment continues.
 */
export async function requestAndFollow(
  context: DeployContext,
  request: ControlRequest,
  options: Options,
): Promise<number> {
  const { id } = await requestDeployment(context, request);
  const reporter = reporterFor(process.stdout, context.journal, options.json === true);
  const until = ({ state }: Deployment): boolean => isOver(state) || state === 'holding';
  const deployment = await followAndPrint(context, id, reporter, { until });
  return reportEnd(context, reporter, deployment);
}

/** Prints the last lines of a deployment that is over or held. Returns the exit code of requestAndFollow. */
export async function reportEnd(
  context: DeployContext,
  reporter: Reporter,
  deployment: Deployment,
): Promise<number> {
  const serving = await servingNow(context);
  if (deployment.state === 'holding') {
    reporter.held(deployment, previewOf(context, deployment), serving);
    return codeOfHeld(deployment);
  }
  reporter.end(deployment, serving, driftNow(context, serving));
  if (deployment.kind === 'deploy') await untilBranchFollows(context.home, context.journal);
  return deployment.state === 'succeeded' ? 0 : 1;
}

/** A failed batch of a rolling deployment has a cause. */
function codeOfHeld(deployment: Deployment): number {
  if (isPausedCanary(deployment)) return WAITS_FOR_OPERATOR;
  return deployment.cause === null ? 0 : 1;
}

/** Prints the events of a deployment as they arrive. Exits with 130 on Ctrl-C; the deployment continues. */
export async function followAndPrint(
  context: DeployContext,
  id: number,
  reporter: Reporter,
  following: FollowOptions,
): Promise<Deployment> {
  const detach = (): void => {
    const isQueued = context.journal.get(id)?.state === 'queued';
    process.stderr.write(`\n  ${isQueued ? words().staysQueued(id) : words().continues(id)}\n`);
    process.exit(130);
  };
  process.once('SIGINT', detach);
  const deployment = await follow(
    context.home,
    context.journal,
    id,
    (event) => reporter.event(event),
    following,
  );
  process.off('SIGINT', detach);
  return deployment;
}
