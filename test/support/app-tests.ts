/** The sample app's own tests, which every deployment runs. */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const QUICK = 'about.test.ts';

/** Keeps one test: it is enough to show that a deployment runs tests, and they have their own suite. */
export function keepOneTest(dir: string): void {
  const tests = path.join(dir, 'app', 'test');
  const others = readdirSync(tests).filter((name) => name.endsWith('.test.ts') && name !== QUICK);
  for (const name of others) rmSync(path.join(tests, name));
}

/** Makes deployments run no tests. */
export function withoutTests(dir: string): void {
  const file = path.join(dir, 'deploy.config.js');
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace("'--if-present', 'test:app'", "'--if-present', 'none'"),
  );
}
