import { existsSync } from 'node:fs';
import path from 'node:path';
import { recordedIn } from '../../../scripts/lib/durations';
import LongestFirst from '../../../scripts/lib/longest-first';

const ROOT = path.resolve(__dirname, '..', '..', '..');

interface TestFile {
  path: string;
  context: unknown;
}

const file = (name: string, bytes: number): TestFile => ({
  path: path.join(ROOT, name),
  context: { hasteFS: { getSize: () => bytes } },
});
const names = (files: TestFile[]): string[] => files.map((each) => path.relative(ROOT, each.path));

function sequencer(recorded: Record<string, number>): LongestFirst {
  const made = new LongestFirst();
  made.recorded = recorded;
  return made;
}

it('test files run longest first, and those without a record by size', () => {
  const files = [file('short', 1), file('unknown', 300), file('larger', 900), file('long', 2)];
  expect(names(sequencer({ short: 3, long: 200 }).sort(files))).toEqual([
    'long',
    'short',
    'larger',
    'unknown',
  ]);
});

it('every test file is in one shard, and all shards take about the same time', () => {
  const recorded = { a: 200, b: 120, c: 90, d: 80, e: 60, f: 50 };
  const files = Object.keys(recorded).map((name) => file(name, 1));
  const shards = [1, 2, 3].map((shardIndex) =>
    names(sequencer(recorded).shard(files, { shardIndex, shardCount: 3 })),
  );
  expect(shards).toEqual([['a'], ['b', 'e'], ['c', 'd', 'f']]);
});

it('the recorded durations name only files that exist', () => {
  for (const name of Object.keys(recordedIn(ROOT))) {
    expect([name, existsSync(path.join(ROOT, name))]).toEqual([name, true]);
  }
});
