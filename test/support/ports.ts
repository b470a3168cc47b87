/** Ports that nobody listens on, for tests that run beside each other. */
import { createServer, type AddressInfo } from 'node:net';

/** As many different free ports as asked for. They are all held until the last is known. */
export async function freePorts(count: number): Promise<number[]> {
  const holders = await Promise.all(Array.from({ length: count }, hold));
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port);
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}

function hold(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, () => resolve(server));
  });
}
