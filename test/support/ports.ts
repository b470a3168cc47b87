/**
 * Ports that nobody listens on, for tests that run beside each other. They lie below those that the kernel gives
 * to outgoing connections: a slot's port that is free for a while could otherwise be taken by any client.
 */
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

const LOWEST = 16_000;
const KERNELS_OWN_FROM = 32_768;
/** Test files that run beside each other each have every so manieth port: one that is free now may be taken later. */
const LANES = 4;
const LANE = Number(process.env.JEST_WORKER_ID ?? 0) % LANES;
/** What this file was given already, and may not listen on yet. */
const given = new Set<number>();

/** As many different free ports as asked for. They are all held until the last is known. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  while (held.size < count) {
    const port = randomInt(LOWEST / LANES, KERNELS_OWN_FROM / LANES) * LANES + LANE;
    const holder = given.has(port) ? null : await hold(port);
    if (holder) held.set(port, holder);
  }
  await Promise.all([...held.values()].map((holder) => new Promise((resolve) => holder.close(resolve))));
  for (const port of held.keys()) given.add(port);
  return [...held.keys()];
}

/** Null when somebody has it. */
function hold(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(null));
    server.listen(port, () => resolve(server));
  });
}
