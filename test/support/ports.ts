/**
 * Free ports for tests that run in parallel. They lie below the kernel's range for outgoing connections; otherwise any
 * client could take a slot's port while it is free.
 */
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/** From, to before. */
type Range = [number, number];
const ANY: Range = [16_000, 32_768];
/** Only root may take these. */
export const PRIVILEGED: Range = [600, 1024];
/** Each parallel test file uses its own subset of ports, because a port that is free now may be taken later. */
const LANES = 8;
const LANE = Number(process.env.JEST_WORKER_ID ?? 0) % LANES;
/** Ports handed out earlier, which may not be in use yet. */
const given = new Set<number>();

/** Returns distinct free ports. All are held until the last is found. */
export async function freePorts(count: number, [from, to] = ANY): Promise<number[]> {
  const held = new Map<number, Server>();
  while (held.size < count) {
    const port = randomInt(Math.ceil(from / LANES), Math.floor(to / LANES)) * LANES + LANE;
    const holder = given.has(port) ? null : await hold(port);
    if (holder) held.set(port, holder);
  }
  await Promise.all([...held.values()].map((holder) => new Promise((resolve) => holder.close(resolve))));
  for (const port of held.keys()) given.add(port);
  return [...held.keys()];
}

/** Null when the port is in use. */
function hold(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(null));
    server.listen(port, () => resolve(server));
  });
}
