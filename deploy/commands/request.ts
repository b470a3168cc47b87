/** Asks the deployer for something and shows it to its end. */
import type { ControlRequest } from '../control';
import { requestDeployment } from '../control-client';
import type { Deployment } from '../core/types';
import { isOver } from '../core/transitions';
import type { Following } from '../follow';
import { follow } from '../follow';
import { previewOf } from '../preview/link';
import { reporterFor } from '../reporters';
import type { Reporter } from '../reporters/reporter';
import { behindNow, servingNow } from '../serving';
import type { Yard } from '../yard';
import type { Options } from './desk';

/** Exit code: 0 when it succeeded, or is held as it was asked for. Ctrl-C leaves the deployment to itself. */
export async function requestAndFollow(
  yard: Yard,
  request: ControlRequest,
  options: Options,
): Promise<number> {
  const { id } = await requestDeployment(yard, request);
  const reporter = reporterFor(process.stdout, yard.journal, options.json === true);
  const until = ({ state }: Deployment): boolean => isOver(state) || state === 'holding';
  const deployment = await followVisibly(yard, id, reporter, { until });
  const serving = await servingNow(yard);
  if (deployment.state === 'holding') {
    reporter.held(deployment, previewOf(yard, deployment), serving);
    return deployment.cause === null ? 0 : 1;
  }
  reporter.end(deployment, serving, behindNow(yard, serving));
  return deployment.state === 'succeeded' ? 0 : 1;
}

/** Shows a deployment as it goes on. */
export async function followVisibly(
  yard: Yard,
  id: number,
  reporter: Reporter,
  following: Following,
): Promise<Deployment> {
  const detach = (): void => {
    process.stderr.write(`\n  deployment ${id} goes on by itself: npm run -s history\n`);
    process.exit(130);
  };
  process.once('SIGINT', detach);
  const deployment = await follow(yard.home, yard.journal, id, (event) => reporter.event(event), following);
  process.off('SIGINT', detach);
  return deployment;
}
