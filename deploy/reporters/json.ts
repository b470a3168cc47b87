/** One JSON document when it is over, for scripts. */
import type { Output, Reporter } from './reporter';

export function jsonReporter(out: Output): Reporter {
  return {
    event: () => undefined,
    end: (deployment, serving, behind = null) => {
      const live = deployment.state === 'succeeded';
      const answer = { ...deployment, plan: undefined, live, serving, behind };
      out.write(`${JSON.stringify(answer, null, 2)}\n`);
    },
  };
}
