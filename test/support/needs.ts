/**
 * Tests that a machine may be unable to run. They are skipped by name and with the reason, which `npm test`
 * repeats in its summary: scripts/lib/results.js reads it from the title.
 */

/** Null when the machine can, otherwise one clause that says why not. */
type Probe = () => string | null;

/**
 * A `describe` for tests that need something: `needs('a Docker engine', probe)('the compose runtime', () => …)`.
 * The probe runs once, synchronously, while jest collects the tests.
 */
export function needs(what: string, probe: Probe): (title: string, body: () => void) => void {
  const reason = probe();
  if (reason === null) return describe;
  return (title, body) => describe.skip(`${title} [needs ${what}: ${reason}]`, body);
}

/** For tests that become another user or write where only root may. */
export function root(): string | null {
  return process.geteuid?.() === 0 ? null : 'this user is not root';
}
