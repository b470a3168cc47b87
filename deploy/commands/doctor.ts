/** `doctor`: checks every component and suggests a fix for each fault. Changes nothing. */
import { jsonText } from '../core/terminal-text';
import pc from 'picocolors';
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
    else for (const line of reportLines(findings)) console.log(coloured(line));
    return healthy ? 0 : 1;
  } finally {
    context.close();
  }
}

function coloured(line: string): string {
  if (line.startsWith('✓')) return pc.green('✓') + line.slice(1);
  if (line.startsWith('✗')) return pc.red(line);
  if (line.startsWith('!')) return pc.yellow(line);
  return line.startsWith('-') ? pc.dim(line) : line;
}
