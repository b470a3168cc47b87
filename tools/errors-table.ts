/** `node tools/run.js errors-table`: writes the table in docs/errors.md. A test compares it with the table of the kit. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Fault } from '../deploy/core/deployment';
import { ERRORS } from '../deploy/core/errors';

const PAGE = path.resolve(__dirname, '../docs/errors.md');
const FAULTS: Record<Fault, string> = { commit: 'the commit', machine: 'the machine', operator: 'the call' };

export function main(): void {
  const rows = Object.entries(ERRORS).map(
    ([code, { fault, hint }]) => `| \`${code}\` | ${FAULTS[fault]} | ${hint} |`,
  );
  const table = ['| code | fault of | what to do |', '|---|---|---|', ...rows].join('\n');
  const page = readFileSync(PAGE, 'utf8');
  const [before = '', after = ''] = page.split(/(?<=<!-- errors:begin -->\n)[^]*(?=\n<!-- errors:end -->)/);
  writeFileSync(PAGE, before + table + after);
}
