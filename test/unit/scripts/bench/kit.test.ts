import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../../../..');
const bench = path.join(root, 'scripts', 'bench');

test('every module that the benchmark loads by name exists', () => {
  const named = readdirSync(bench, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .flatMap((file) => [...readFileSync(path.join(bench, file), 'utf8').matchAll(/\bkit\('([^']+)'\)/g)])
    .map(([, name]) => name as string);
  expect(named).not.toEqual([]);
  expect(named.filter((name) => !existsSync(path.join(root, 'deploy', `${name}.ts`)))).toEqual([]);
});
