/** Asks the deployer for something and shows it to its end. */
import type { ControlRequest } from '../control';
import { requestDeployment } from '../control-client';
import type { Deployment } from '../core/types';
import { follow } from '../follow';
import { reporterFor } from '../reporters';
import { behindNow, servingNow } from '../serving';
import type { Yard } from '../yard';
import type { Options } from './desk';

/** Exit code: 0 when it succeeded. Ctrl-C leaves the deployment to itself. */
export async function requestAndFollow(
  yard: Yard,
  request: ControlRequest,
  options: Options,
): Promise<number> {
  const deployment = await requestDeployment(yard.home, request);
  const ended = await showToEnd(yard, deployment.id, options);
  return ended.state === 'succeeded' ? 0 : 1;
}

async function showToEnd(yard: Yard, id: number, options: Options): Promise<Deployment> {
  const reporter = reporterFor(process.stdout, yard.journal, options.json === true);
  const detach = (): void => {
    process.stderr.write(`\n  deployment ${id} goes on by itself: npm run -s history\n`);
    process.exit(130);
  };
  process.once('SIGINT', detach);
  const deployment = await follow(yard.home, yard.journal, id, (event) => reporter.event(event));
  process.off('SIGINT', detach);
  const serving = await servingNow(yard);
  reporter.end(deployment, serving, behindNow(yard, serving));
  return deployment;
}
