import { readFileSync } from 'node:fs';
import path from 'node:path';
import { boundsOf } from '../../../../tools/bench/bounds';
import { chart } from '../../../../tools/bench/chart';
import { markdown } from '../../../../tools/bench/report';
import type { Run } from '../../../../tools/bench/results';

const docs = path.resolve(__dirname, '../../../../docs');
const read = (name: string): string => readFileSync(path.join(docs, name), 'utf8');
const run = JSON.parse(read('benchmarks.json')) as Run;
const { peers } = run.results;

test('docs/benchmarks.svg shows the results in docs/benchmarks.json', () => {
  expect(peers && chart(peers)).toBe(read('benchmarks.svg'));
});

test('docs/benchmarks.md has the figures of docs/benchmarks.json', () => {
  const figures = (text: string): string[] => text.match(/\d[\d.,]*/g) ?? [];
  expect(figures(markdown(run))).toEqual(figures(read('benchmarks.md')));
});

test('the published bounds follow from the published results', () => {
  expect(boundsOf(run.results)).toEqual(run.bounds);
});

test('the longest bar of the chart fits its panel', () => {
  const svg = peers ? chart(peers) : '';
  const ends = [
    ...svg.matchAll(/<rect class="(?:red|still|blue)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g),
  ];
  expect(ends.length).toBeGreaterThan(10);
  expect(Math.max(...ends.map(([, x, width]) => Number(x) + Number(width)))).toBeLessThan(960);
});
