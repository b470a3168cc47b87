/** `doctor`: checks every component and suggests a fix for each fault. Changes nothing. */
import { jsonText } from '../core/terminal-text';
import { coloured, coloursFor } from '../os/terminal';
import { CHECKS } from '../doctor/checks';
import { examine } from '../doctor/examine';
import { LIMIT_MS } from '../doctor/timeouts';
import { doctorContextAt } from '../doctor/context';
import { reportLines } from '../doctor/report';
import type { Options } from './run-command';
import { ROOT } from '../home/clone-root';

/** Exit code 0 without faults; warnings do not count. */
export async function doctorCommand(options: Options): Promise<number> {
  const context = doctorContextAt(ROOT, process.env);
  try {
    const findings = await examine(context, CHECKS, LIMIT_MS);
    const healthy = findings.every(({ status }) => status !== 'fault');
    if (options.json) console.log(jsonText({ healthy, findings }));
    else for (const line of reportLines(findings)) console.log(coloured(line, coloursFor(process.stdout)));
    return healthy ? 0 : 1;
  } finally {
    context.close();
  }
}
