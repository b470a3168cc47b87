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

it('returns the last lines, oldest first', async () => {
  writeFileSync(file, 'one\ntwo\nthree\n');

  expect(await lastLines(file, 2)).toEqual(['two', 'three']);
});

it('counts a last line that is not ended yet', async () => {
  writeFileSync(file, 'one\ntwo\nthr');

  expect(await lastLines(file, 2)).toEqual(['two', 'thr']);
});

it('keeps empty lines', async () => {
  writeFileSync(file, 'one\n\n\n');

  expect(await lastLines(file, 2)).toEqual(['', '']);
});

it('returns what there is when it is less', async () => {
  writeFileSync(file, 'one\n');

  expect(await lastLines(file, 10)).toEqual(['one']);
});

it('returns nothing for no file, an empty file and no lines', async () => {
  expect(await lastLines(path.join(dir, 'none.log'), 5)).toEqual([]);
  writeFileSync(file, '');
  expect(await lastLines(file, 5)).toEqual([]);
  writeFileSync(file, 'one\n');
  expect(await lastLines(file, 0)).toEqual([]);
});

it('puts characters together that two reads cut apart', async () => {
  // 3 bytes each and a chunk of 64 KB: every boundary but some lies inside a character
  const long = '€'.repeat(70_000);
  writeFileSync(file, `first\n${long}\nlast\n`);

  expect(await lastLines(file, 2)).toEqual([long, 'last']);
});

it('does not read a huge file whole', async () => {
  const line = `${'x'.repeat(1023)}\n`;
  writeFileSync(file, line.repeat(64 * 1024));
  const before = process.memoryUsage().arrayBuffers;

  expect(await lastLines(file, 3)).toHaveLength(3);

  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
});

it('gives up on lines without an end instead of filling the memory', async () => {
  writeFileSync(file, 'x'.repeat(6 * 1024 * 1024));

  expect(await lastLines(file, 3)).toEqual([]);
});

it('takes what a log that was just begun anew does not have yet from the one before it', async () => {
  writeFileSync(`${file}.1`, 'one\ntwo\n');
  writeFileSync(file, 'three\n');

  expect(await lastLines(file, 2)).toEqual(['two', 'three']);
  expect(await lastLines(file, 1)).toEqual(['three']);
  rmSync(file);
  expect(await lastLines(file, 9)).toEqual(['one', 'two']);
});
