import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The clone that this kit was built in; this file is compiled to dist/deploy/home/clone-root.js in it. */
export const ROOT = path.resolve(__dirname, '..', '..', '..');

/** The version in the clone's package.json; `unknown` if that file cannot be read. */
export function kitVersion(): string {
  try {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      version?: unknown;
    };
    return typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}
