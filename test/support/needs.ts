/**
 * Tests that a machine may be unable to run. They are skipped by name and with the reason, which `npm test`
 * repeats in its summary: scripts/lib/results.js reads it from the title.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { BASE_IMAGE } from './docker';

/** Null when the machine can, otherwise one clause that says why not. */
type Probe = () => string | null;

interface Declare {
  describe: (title: string, body: () => void) => void;
  test: (title: string, body: jest.ProvidesCallback) => void;
}

/**
 * `describe` and `test` for what needs something: `needs('root', root).test('…', …)`. The probe runs once,
 * synchronously, while jest collects the tests.
 */
export function needs(what: string, probe: Probe): Declare {
  const reason = probe();
  if (reason === null) return { describe, test };
  const marked = (title: string): string => `${title} [needs ${what}: ${reason}]`;
  return {
    describe: (title, body) => describe.skip(marked(title), body),
    test: (title, body) => test.skip(marked(title), body),
  };
}

/** For tests that become another user or write where only root may. */
export function root(): string | null {
  return process.geteuid?.() === 0 ? null : 'this user is not root';
}

/** For tests with containers. Nothing is pulled for them. */
export function docker(): string | null {
  const works = (...args: string[]): boolean => spawnSync('docker', args, { stdio: 'ignore' }).status === 0;
  if (!works('compose', 'version')) return 'there is no docker compose';
  // what is nearly always so is asked first: an engine starts three programs of its own to answer `docker info`
  if (works('image', 'inspect', BASE_IMAGE)) return null;
  return works('info') ? `the image ${BASE_IMAGE} is not here` : "Docker's engine does not answer";
}

/** For tests that push changes of the sample app: whoever brought an app of their own has replaced it. */
export function sampleApp(): string | null {
  const isThere = existsSync(path.join(__dirname, '..', '..', 'app', 'page.ts'));
  return isThere ? null : 'app/ is another one';
}
