/** Folders and clean-up for tests with real parts. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const undoing: (() => unknown)[] = [];

/**
 * Runs `work` when the test is over, passed or failed; what was registered last is undone first. Register it as
 * soon as the thing exists. Only inside a test or beforeEach.
 */
export function afterwards(work: () => unknown): void {
  undoing.push(work);
}

/**
 * A new folder that is gone after the test. Anybody may enter it (0755), as nginx's worker must. What runs in
 * it is stopped with `afterwards`, which comes before the folder's removal.
 */
export function tempHome(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'switchyard-test-'));
  chmodSync(dir, 0o755);
  afterwards(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

afterEach(async () => {
  const failures: unknown[] = [];
  for (const work of undoing.splice(0).reverse()) {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
});
