/** `node tools/run.js timelines`: draws every picture in docs/ whose data is in the repository. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chart } from './bench/chart';
import type { Run } from './bench/results';
import { drawings } from './timelines/drawings';

const DOCS = path.resolve(__dirname, '..', 'docs');

export function main(): void {
  for (const { file, svg } of [...drawings(), ...recorded()]) writeFileSync(path.join(DOCS, file), svg);
}

/** From the last run of the benchmark. */
function recorded(): { file: string; svg: string }[] {
  const { peers } = (JSON.parse(read('benchmarks.json')) as Run).results;
  return peers ? [{ file: 'benchmarks.svg', svg: chart(peers) }] : [];
}

function read(name: string): string {
  return readFileSync(path.join(DOCS, name), 'utf8');
}
