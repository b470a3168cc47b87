/** Before Node's version is checked nothing may run, or even parse, that an old Node lacks. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ScriptTarget, transpileModule } from 'typescript';

const root = path.resolve(__dirname, '../../..');
const early = ['scripts', 'scripts/lib', 'bin'].flatMap((folder) =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.js') && name !== 'pm2.js')
    .map((name) => `${folder}/${name}`),
);
const files = [...early, 'tools/run.js'];

it.each(files)('%s uses no syntax that is younger than Node 10', (file) => {
  const source = readFileSync(path.join(root, file), 'utf8');
  expect(printed(source, ScriptTarget.ES2018)).toBe(printed(source, ScriptTarget.ESNext));
});

it.each(files)('%s requires nothing by the node: scheme, which Node 12 does not know', (file) => {
  expect(readFileSync(path.join(root, file), 'utf8')).not.toMatch(/require\(['"]node:/);
});

/** What TypeScript makes of a source for that version of JavaScript: the same again, if it needs nothing newer. */
function printed(source: string, target: ScriptTarget): string {
  return transpileModule(source, { compilerOptions: { target } }).outputText;
}
