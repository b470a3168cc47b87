/** One JSON document when it is over, for scripts. */
import type { Output, Reporter } from './reporter';

export function jsonReporter(out: Output): Reporter {
  return {
    event: () => undefined,
    end: (deployment, serving) => {
      out.write(
        `${JSON.stringify({ ...deployment, plan: undefined, live: deployment.state === 'succeeded', serving }, null, 2)}\n`,
      );
    },
  };
}
