/**
 * Ports that nobody listens on, for tests that run beside each other. They lie below those that the kernel gives
 * to outgoing connections: a slot's port that is free for a while could otherwise be taken by any client.
 */
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

const LOWEST = 16_000;
const KERNELS_OWN_FROM = 32_768;

/** As many different free ports as asked for. They are all held until the last is known. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  while (held.size < count) {
    const port = randomInt(LOWEST, KERNELS_OWN_FROM);
    const holder = await hold(port);
    if (holder) held.set(port, holder);
  }
  await Promise.all([...held.values()].map((holder) => new Promise((resolve) => holder.close(resolve))));
  return [...held.keys()];
}

/** Null when somebody has it. */
function hold(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(null));
    server.listen(port, () => resolve(server));
  });
}
