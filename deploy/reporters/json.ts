/** Prints one JSON document when the deployment is over or held, for scripts. */
import { jsonText } from '../core/terminal-text';
import type { Deployment } from '../core/deployment';
import type { Output, Reporter } from './reporter';

export function jsonReporter(out: Output): Reporter {
  const write = (deployment: Deployment, more: object): void => {
    const live = deployment.state === 'succeeded';
    out.write(`${jsonText({ ...deployment, plan: undefined, live, ...more })}\n`);
  };
  return {
    event: () => undefined,
    end: (deployment, serving, behind = null) => write(deployment, { serving, behind }),
    held: (deployment, preview, serving) => write(deployment, { serving, preview }),
    say: () => undefined,
  };
}
