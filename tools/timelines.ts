/** `node tools/run.js timelines`: draws every picture in docs/ whose data is in the repository. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chart } from './bench/chart';
import type { Run } from './bench/results';
import { demoPicture } from './demo/demo-picture';
import { pushPicture } from './demo/push-picture';
import type { PushRecording } from './demo/push-recorder';
import { drawings } from './timelines/drawings';

const DOCS = path.resolve(__dirname, '..', 'docs');

export function main(): void {
  for (const { file, svg } of [...drawings(), ...recorded()]) writeFileSync(path.join(DOCS, file), svg);
}

/** From the last runs of the benchmark and the demo. */
function recorded(): { file: string; svg: string }[] {
  const { peers } = (JSON.parse(read('benchmarks.json')) as Run).results;
  const transcript = read('demo.txt').trimEnd().split('\n');
  const recording = JSON.parse(read('push.json')) as PushRecording;
  return [
    ...(peers ? [{ file: 'benchmarks.svg', svg: chart(peers) }] : []),
    { file: 'demo.svg', svg: demoPicture(transcript) },
    { file: 'push.svg', svg: pushPicture(transcript, recording) },
  ];
}

function read(name: string): string {
  return readFileSync(path.join(DOCS, name), 'utf8');
}
