/** `node tools/run.js timelines`: draws each strategy over time, docs/<strategy>.svg and docs/<strategy>.ko.svg. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { drawings } from './timelines/drawings';

const DOCS = path.resolve(__dirname, '..', 'docs');

export function main(): void {
  for (const { file, svg } of drawings()) writeFileSync(path.join(DOCS, file), svg);
}
