import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lastLines } from '../../../deploy/os/tail';

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'switchyard-log-'));
  file = path.join(dir, 'app-blue.log');
});

afterEach(() => rmSync(dir, { recursive: true }));

it('lastLines returns the last lines, oldest first', async () => {
  writeFileSync(file, 'one\ntwo\nthree\n');

  expect(await lastLines(file, 2)).toEqual(['two', 'three']);
});

it('lastLines counts a last line without a line break', async () => {
  writeFileSync(file, 'one\ntwo\nthr');

  expect(await lastLines(file, 2)).toEqual(['two', 'thr']);
});

it('lastLines keeps empty lines', async () => {
  writeFileSync(file, 'one\n\n\n');

  expect(await lastLines(file, 2)).toEqual(['', '']);
});

it('lastLines returns fewer lines when the file has no more', async () => {
  writeFileSync(file, 'one\n');

  expect(await lastLines(file, 10)).toEqual(['one']);
});

it('lastLines returns nothing for a missing file, an empty file or zero lines', async () => {
  expect(await lastLines(path.join(dir, 'none.log'), 5)).toEqual([]);
  writeFileSync(file, '');
  expect(await lastLines(file, 5)).toEqual([]);
  writeFileSync(file, 'one\n');
  expect(await lastLines(file, 0)).toEqual([]);
});

it('lastLines reassembles characters that two reads split', async () => {
  // 3 bytes each in chunks of 64 KB, so that most boundaries lie inside a character
  const long = '€'.repeat(70_000);
  writeFileSync(file, `first\n${long}\nlast\n`);

  expect(await lastLines(file, 2)).toEqual([long, 'last']);
});

it('lastLines does not read the whole of a huge file', async () => {
  const line = `${'x'.repeat(1023)}\n`;
  writeFileSync(file, line.repeat(64 * 1024));
  const before = process.memoryUsage().arrayBuffers;

  expect(await lastLines(file, 3)).toHaveLength(3);

  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
});

it('lastLines gives up on endless lines instead of filling the memory', async () => {
  writeFileSync(file, 'x'.repeat(6 * 1024 * 1024));

  expect(await lastLines(file, 3)).toEqual([]);
});

it('lastLines continues in the rotated file when the new one is too short', async () => {
  writeFileSync(`${file}.1`, 'one\ntwo\n');
  writeFileSync(file, 'three\n');

  expect(await lastLines(file, 2)).toEqual(['two', 'three']);
  expect(await lastLines(file, 1)).toEqual(['three']);
  rmSync(file);
  expect(await lastLines(file, 9)).toEqual(['one', 'two']);
});
