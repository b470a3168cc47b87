import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { followFile } from '../../../deploy/os/follow-file';
import { until } from '../../support/until';

let dir: string;
let file: string;
let seen: string[];
let stop: AbortController;
let following: Promise<void>;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'switchyard-log-'));
  file = path.join(dir, 'app-blue.log');
  seen = [];
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await following;
  rmSync(dir, { recursive: true });
});

async function follow(lines: number): Promise<void> {
  let isOpen = false;
  following = (async () => {
    for await (const group of followFile(file, lines, stop.signal)) {
      seen.push(...group);
      isOpen = true;
    }
  })();
  await until('the log to be open', () => isOpen);
}

const untilSeen = (line: string): Promise<unknown> => until(`"${line}"`, () => seen.at(-1) === line);

it('followFile yields the last lines, then each new one when it is complete', async () => {
  writeFileSync(file, 'one\ntwo\nthr');
  await follow(1);
  appendFileSync(file, 'ee\nfo');
  await untilSeen('three');
  const character = Buffer.from('ü');
  appendFileSync(file, character.subarray(0, 1));
  await sleep(300);
  appendFileSync(file, Buffer.concat([character.subarray(1), Buffer.from('r\n')]));
  await untilSeen('foür');
  expect(seen).toEqual(['two', 'three', 'foür']);
});

it('followFile loses no line of a rotated log, whose writer keeps the old file open for a while', async () => {
  writeFileSync(file, '');
  await follow(10);
  const expected: string[] = [];
  const write = (where: string, line: string): void => {
    expected.push(line);
    appendFileSync(where, `${line}\n`);
  };
  for (let round = 0; round < 3; round++) {
    write(file, `before ${round}`);
    renameSync(file, `${file}.1`);
    writeFileSync(file, '');
    await sleep(300);
    write(`${file}.1`, `late ${round}`);
    await sleep(300);
    write(file, `after ${round}`);
    await untilSeen(`after ${round}`);
  }
  expect(seen).toEqual(expected);
});

it('followFile waits for a missing file, and continues after a file was removed or emptied', async () => {
  await follow(10);
  writeFileSync(file, 'one\n');
  await untilSeen('one');
  rmSync(file);
  await sleep(300);
  writeFileSync(file, 'two\n');
  await untilSeen('two');
  truncateSync(file);
  await sleep(300);
  appendFileSync(file, 'three\n');
  await untilSeen('three');
  expect(seen).toEqual(['one', 'two', 'three']);
});
