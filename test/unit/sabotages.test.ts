/** Finds sabotages whose line has changed. Otherwise only a run of all sabotages would show that they break nothing. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SABOTAGES } from '../sabotages';

const ROOT = path.resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

it.each(SABOTAGES.map((sabotage) => [sabotage.what, sabotage] as const))(
  'the sabotage has a line to break, a test and a promise: %s',
  (_what, { file, from, test, invariant }) => {
    expect(read(file).split(from)).toHaveLength(2);
    expect(existsSync(path.join(ROOT, test))).toBe(true);
    expect(read('test/README.md')).toMatch(new RegExp(`^\\| ${invariant} \\| `, 'm'));
  },
);
