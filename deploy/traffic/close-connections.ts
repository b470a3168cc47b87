/**
 * Lets nginx workers go without losing a request. A worker that quits closes its idle connections, and a request that
 * is on its way on one of them is lost. So before that every answer says `Connection: close` (see @closing in
 * site.conf), until no connection from before is left.
 */
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Home } from '../home/home';
import { clientsOf } from '../os/connections';

/** A client that asks at least this often gets its last answer meanwhile. */
const AT_LEAST_MS = 2000;
/** Streams stay open for days. */
const AT_MOST_MS = 10_000;
const LOOK_EVERY_MS = 100;

/** The file that closes the connections of the nginx whose configuration has this mark. */
export function closingFile({ nginx }: Pick<Home, 'nginx'>, mark: string): string {
  return path.join(nginx, `closing.${mark}`);
}

/** Removes what a killed npm start has left: the configuration with that mark may be in force again one day. */
export function forgetClosing({ nginx }: Pick<Home, 'nginx'>): void {
  const left = readdirSync(nginx).filter((name) => name.startsWith('closing.'));
  for (const name of left) rmSync(path.join(nginx, name), { force: true });
}

/** Closes the connections on this port, then does the work; they stay open again afterwards. */
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
  const begun = performance.now();
  const elapsed = (): number => performance.now() - begun;
  await delay(AT_LEAST_MS);
  const anyLeft = (): boolean => [...clientsOf(port)].some((client) => clients.has(client));
  while (elapsed() < AT_MOST_MS && anyLeft()) await delay(LOOK_EVERY_MS);
}
