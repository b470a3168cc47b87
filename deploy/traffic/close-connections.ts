/**
 * Closes client connections before nginx workers quit, so that no request is lost. A quitting worker closes its idle
 * connections and loses any request in transit on them. Until all earlier connections are gone, every response
 * therefore says `Connection: close` (see @closing in site.conf).
 */
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Home } from '../home/home';
import { clientsOf } from '../os/connections';

/** A client that sends requests at least this often receives a closing response within the wait. */
const AT_LEAST_MS = 2000;
/** A limit, because streams stay open for days. */
const AT_MOST_MS = 10_000;
const POLL_EVERY_MS = 100;

/** The file that makes the nginx whose configuration has this mark close its connections. */
export function closingFile({ nginx }: Pick<Home, 'nginx'>, mark: string): string {
  return path.join(nginx, `closing.${mark}`);
}

/**
 * Removes the files that a killed `npm start` left behind: a configuration with the same mark
 * may be active again later.
 */
export function forgetClosing({ nginx }: Pick<Home, 'nginx'>): void {
  const left = readdirSync(nginx).filter((name) => name.startsWith('closing.'));
  for (const name of left) rmSync(path.join(nginx, name), { force: true });
}

/** Closes the connections on this port, then runs `work`. Afterwards, connections stay open as usual. */
export async function withConnectionsClosed<T>(
  home: Pick<Home, 'nginx'>,
  port: number,
  mark: string,
  work: () => Promise<T>,
): Promise<T> {
  const file = closingFile(home, mark);
  const before = clientsOf(port);
  closeSync(openSync(file, 'a', 0o644));
  try {
    await allGone(port, before);
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

async function allGone(port: number, clients: Set<string>): Promise<void> {
  const startedAt = performance.now();
  const elapsed = (): number => performance.now() - startedAt;
  await delay(AT_LEAST_MS);
  const anyLeft = (): boolean => [...clientsOf(port)].some((client) => clients.has(client));
  while (elapsed() < AT_MOST_MS && anyLeft()) await delay(POLL_EVERY_MS);
}
