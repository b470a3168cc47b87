/** The ports of the demo: the defaults where they are free, so that it looks like a first start. */
import { createSocket } from 'node:dgram';
import { isPortFree } from '../../deploy/os/port-holder';
import type { Ports } from '../lib/copy';

const DEFAULTS: Ports = { http: 8000, blue: 8080, green: 8081, deployer: 9000 };

/** Two demos on one machine get different ports, even before one of them listens. */
export async function choosePorts(): Promise<Ports> {
  const ports = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof Ports)[]) {
    while (!(await isPortFree(ports[name])) || !(await claim(ports[name]))) ports[name] += 1;
  }
  return ports;
}

/**
 * Claims a port while this process lives, although nothing listens there yet, by binding the UDP port of the same
 * number. The kernel releases it however the process exits. False if another process has claimed it.
 */
function claim(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4').unref();
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
}
