import { readdirSync } from 'node:fs';
import path from 'node:path';
import { isLocked, takeLock, tryLock } from '../../../deploy/journal/deployment-lock';
import { firstOutput, startProgram } from '../../support/second-process';
import { afterwards, tempHome } from '../../support/temp-home';

let home: { lock: string };

beforeEach(() => (home = { lock: path.join(tempHome(), 'lock.db') }));

test('only one holder gets the lock, and the next one only after its release', () => {
  const first = tryLock(home);
  expect(first).not.toBeNull();
  expect(tryLock(home)).toBeNull();
  first?.release();
  const second = tryLock(home);
  expect(second).not.toBeNull();
  second?.release();
});

test('a waiting caller gets the lock when the holder releases it, not before', async () => {
  const holder = await takeLock(home);
  let got = false;
  const waiting = takeLock(home).then((lock) => {
    got = true;
    return lock;
  });
  // long enough for several attempts
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(got).toBe(false);
  holder.release();
  (await waiting).release();
  expect(isLocked(home)).toBe(false);
});

test('checking the lock neither takes it nor makes it look taken', () => {
  expect(isLocked(home)).toBe(false);
  const reader = tryLock(home);
  expect(isLocked(home)).toBe(true);
  expect(isLocked(home)).toBe(true);
  reader?.release();
  expect(isLocked(home)).toBe(false);
});

test('checking the lock a thousand times leaves no file open', () => {
  const openFiles = (): number => readdirSync('/proc/self/fd').length;
  const holder = tryLock(home);
  const before = openFiles();
  for (let i = 0; i < 500; i++) isLocked(home);
  holder?.release();
  for (let i = 0; i < 500; i++) isLocked(home);
  expect(openFiles() - before).toBeLessThan(100);
});

test('the lock is free immediately after its process is killed', async () => {
  const child = startProgram('lock-holder.ts', home.lock);
  expect(await firstOutput(child)).toBe('held');
  expect(isLocked(home)).toBe(true);
  expect(tryLock(home)).toBeNull();

  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  expect(isLocked(home)).toBe(false);
  const lock = tryLock(home);
  expect(lock).not.toBeNull();
  afterwards(() => lock?.release());
});
