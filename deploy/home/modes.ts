/**
 * The mode of every path at the top of a home, whatever the umask of the process that creates it. A folder that others
 * may not enter also protects what is in it: nginx makes its sockets 0666, whatever the umask.
 */
import path from 'node:path';
import type { Home } from './home';

/** For folders that nginx's workers must enter and read. */
export const OPEN = 0o755;
export const CLOSED = 0o700;
export const PRIVATE = 0o600;
/** For folders whose files others use by name but may not list. */
export const ENTERABLE = 0o711;

export const MODES: Readonly<Record<string, number>> = {
  '.': OPEN,
  tables: OPEN,
  pages: OPEN,
  // nginx looks up names here; other users must not list them
  preview: ENTERABLE,
  // the owner of the app's data must be able to reach the copy being made
  'data-copies': ENTERABLE,
  // nginx's workers enter these; the mode is stricter if they run as the same user
  logs: 0o710,
  nginx: 0o710,
  compose: CLOSED,
  env: CLOSED,
  links: CLOSED,
  'mirror.git': CLOSED,
  modules: CLOSED,
  pm2: CLOSED,
  'push.git': CLOSED,
  ready: CLOSED,
  releases: CLOSED,
  shared: CLOSED,
  trash: CLOSED,
  'config.json': PRIVATE,
  'deliveries.json': PRIVATE,
  'deployer.sock': PRIVATE,
  'journal.db': PRIVATE,
  'lock.db': PRIVATE,
  'notified.json': PRIVATE,
  'notify-url': PRIVATE,
  reserve: PRIVATE,
  secret: PRIVATE,
  'secret-before.json': PRIVATE,
  'settings.json': PRIVATE,
  'start.db': PRIVATE,
};

/** The paths of a home with their modes, whether they exist or not. */
export function modesOf({ dir }: Pick<Home, 'dir'>): { file: string; mode: number }[] {
  return Object.entries(MODES).map(([name, mode]) => ({ file: path.join(dir, name), mode }));
}
