/** A sabotage of a line that is not there any more breaks nothing, and would be found out only when it is carried out. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SABOTAGES } from '../sabotages';

const ROOT = path.resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

it.each(SABOTAGES.map((sabotage) => [sabotage.what, sabotage] as const))(
  'there is something to break so that %s',
  (_what, { file, from, test, invariant }) => {
    expect(read(file).split(from)).toHaveLength(2);
    expect(existsSync(path.join(ROOT, test))).toBe(true);
    expect(read('test/README.md')).toMatch(new RegExp(`^\\| ${invariant} \\| `, 'm'));
  },
);
