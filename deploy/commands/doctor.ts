/** `doctor`: looks at every link of the chain and says how to mend what is broken. It changes nothing. */
import pc from 'picocolors';
import { CHECKS } from '../doctor/checks';
import { examine } from '../doctor/examine';
import { LIMIT_MS } from '../doctor/patience';
import { patientAt } from '../doctor/patient';
import { reportLines } from '../doctor/report';
import type { Options } from './desk';
import { ROOT } from '../clone-root';

/** Exit code 0 without faults; warnings are none. */
export async function doctorCommand(options: Options): Promise<number> {
  const patient = patientAt(ROOT, process.env);
  try {
    const findings = await examine(patient, CHECKS, LIMIT_MS);
    const healthy = findings.every(({ status }) => status !== 'fault');
    if (options.json) console.log(JSON.stringify({ healthy, findings }, null, 2));
    else for (const line of reportLines(findings)) console.log(coloured(line));
    return healthy ? 0 : 1;
  } finally {
    patient.close();
  }
}

function coloured(line: string): string {
  if (line.startsWith('✓')) return pc.green('✓') + line.slice(1);
  if (line.startsWith('✗')) return pc.red(line);
  if (line.startsWith('!')) return pc.yellow(line);
  return line.startsWith('-') ? pc.dim(line) : line;
}
