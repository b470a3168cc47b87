/**
 * Skips tests that this machine cannot run. The title carries the reason, which scripts/lib/results.js repeats in the
 * summary of `npm test`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { BASE_IMAGE } from './docker';

/** Returns null when the machine can run the tests, otherwise one clause with the reason. */
type Probe = () => string | null;

interface Declare {
  describe: (title: string, body: () => void) => void;
  test: (title: string, body: jest.ProvidesCallback) => void;
}

/**
 * `describe` and `test` with a requirement: `needs('root', root).test('…', …)`. The probe runs once, synchronously,
 * while jest collects the tests.
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

/** For tests that switch to another user or write where only root may. */
export function root(): string | null {
  return process.geteuid?.() === 0 ? null : 'this user is not root';
}

/** For tests of ports that other users may not have. */
export function privilegedPorts(): string | null {
  const first = readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8');
  return Number(first) >= 1024 ? root() : 'every user may have any port here';
}

/** For tests with containers. They pull no image. */
export function docker(): string | null {
  const works = (...args: string[]): boolean => spawnSync('docker', args, { stdio: 'ignore' }).status === 0;
  if (!works('compose', 'version')) return 'there is no docker compose';
  // checks the common case first: for `docker info` an engine starts three programs
  if (works('image', 'inspect', BASE_IMAGE)) return null;
  return works('info') ? `the image ${BASE_IMAGE} is not here` : "Docker's engine does not answer";
}

/** For tests that push changes to the sample app, which a user's own app may have replaced. */
export function sampleApp(): string | null {
  const isThere = existsSync(path.join(__dirname, '..', '..', 'app', 'page.ts'));
  return isThere ? null : 'app/ contains a different app';
}
