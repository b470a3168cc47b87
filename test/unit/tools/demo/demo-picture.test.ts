import { readFileSync } from 'node:fs';
import path from 'node:path';
import { demoPicture } from '../../../../tools/demo/demo-picture';

it('the picture of the demo shows the lines in order, once, and keeps them', () => {
  const svg = demoPicture(['# Start.', '$ npm start', '✓ live']);
  const starts = [...svg.matchAll(/<g class="at(\d+)">/g)].map(([, start]) => Number(start));
  expect(starts).toHaveLength(3);
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  expect(svg).toMatch(/animation:at\d+ \d+ms step-end both/);
  expect(svg).not.toContain('infinite');
});

it('docs/demo.svg is up to date with docs/demo.txt (node tools/run.js timelines)', () => {
  const read = (name: string): string =>
    readFileSync(path.resolve(__dirname, '../../../../docs', name), 'utf8');
  expect(read('demo.svg')).toBe(demoPicture(read('demo.txt').trimEnd().split('\n')));
});
