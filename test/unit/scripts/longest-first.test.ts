import { existsSync } from 'node:fs';
import path from 'node:path';
import LongestFirst from '../../../scripts/lib/longest-first';
import { LONGEST } from '../../../scripts/lib/longest';

const ROOT = path.resolve(__dirname, '..', '..', '..');
const test = (name: string, bytes: number): { path: string; context: unknown } => ({
  path: path.join(ROOT, 'test', `${name}.test.ts`),
  context: { hasteFS: { getSize: () => bytes } },
});

it('begins with the files that take longest, and then with the largest', () => {
  const tests = [
    test('e2e/queue', 300),
    test('e2e/stop', 1),
    test('integration/git', 900),
    test('e2e/under-load', 2),
  ];

  const order = new LongestFirst().sort(tests).map((each) => path.basename(each.path, '.test.ts'));

  expect(order).toEqual(['under-load', 'stop', 'git', 'queue']);
});

it('names no file that is not there', () => {
  for (const name of LONGEST) {
    expect([name, existsSync(path.join(ROOT, 'test', `${name}.test.ts`))]).toEqual([name, true]);
  }
});
