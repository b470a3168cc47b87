/** The sample app's own tests, which every deployment of it runs. */
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const QUICK = 'about.test.ts';

/** Leaves one of them: that a deployment runs them is to be seen with one, too, and they have a suite of their own. */
export function keepOneTest(dir: string): void {
  const tests = path.join(dir, 'app', 'test');
  const others = readdirSync(tests).filter((name) => name.endsWith('.test.ts') && name !== QUICK);
  for (const name of others) rmSync(path.join(tests, name));
}
