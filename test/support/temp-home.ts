/** Temporary folders and cleanup for tests with real parts. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const cleanups: (() => unknown)[] = [];

/**
 * Runs `work` after the test, passed or failed, in reverse order of registration. Register it as soon as the resource
 * exists. Only inside a test or beforeEach.
 */
export function afterwards(work: () => unknown): void {
  cleanups.push(work);
}

/**
 * Creates a folder that is removed after the test. Every user may enter it (0755), as nginx's worker must. Stop its
 * processes with `afterwards`, which runs before the folder is removed.
 */
export function tempHome(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'switchyard-test-'));
  chmodSync(dir, 0o755);
  afterwards(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

afterEach(async () => {
  const failures: unknown[] = [];
  for (const work of cleanups.splice(0).reverse()) {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
});
