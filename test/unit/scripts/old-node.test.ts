/** Code that runs before the check of Node's version must not need a newer Node, not even to be parsed. */
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

it.each(files)('%s uses no syntax newer than Node 10', (file) => {
  const source = readFileSync(path.join(root, file), 'utf8');
  expect(printed(source, ScriptTarget.ES2018)).toBe(printed(source, ScriptTarget.ESNext));
});

it.each(files)('%s does not use the node: prefix in require(), which Node 12 does not support', (file) => {
  expect(readFileSync(path.join(root, file), 'utf8')).not.toMatch(/require\(['"]node:/);
});

/** A source compiled for this version of JavaScript. It is the same for all versions if it needs none newer. */
function printed(source: string, target: ScriptTarget): string {
  return transpileModule(source, { compilerOptions: { target } }).outputText;
}
