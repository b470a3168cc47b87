/** Are the ports free? Asked before anything is made, and answered with a line that works. */
import { createServer } from 'node:net';
import type { Config, Settings } from '../config';
import { KnownError } from '../core/errors';
import type { Home } from '../home';
import { portInUse, portInUseMessage } from '../traffic/port-holder';
import { serverOf } from './server';

const VARIABLES = ['HTTP_PORT', 'BLUE_PORT', 'GREEN_PORT', 'DEPLOYER_PORT'] as const;
type Variable = (typeof VARIABLES)[number];
const SLOTS: Variable[] = ['BLUE_PORT', 'GREEN_PORT'];

/** Throws E_PORT_IN_USE; the hint is a whole command with free ports. Ports that our own processes hold are ours. */
export async function checkPorts(home: Home, config: Config, settings: Settings): Promise<void> {
  const ports = portsOf(config);
  const ours = (await serverOf(home)?.portsInUse()) ?? [];
  const taken: Variable[] = [];
  for (const name of VARIABLES) {
    if (!ours.includes(ports[name]) && !(await isFree(ports[name]))) taken.push(name);
  }
  if (taken.length === 0) return;
  const free = await freePorts(ports, taken);
  const line = VARIABLES.filter((name) => free[name] !== ports[name] || name in settings).map(
    (name) => `${name}=${free[name]}`,
  );
  const first = taken[0] as Variable;
  throw new KnownError(
    'E_PORT_IN_USE',
    `${first}: ${portInUseMessage(ports[first])}`,
    `Choose others: ${line.join(' ')} npm start`,
  );
}

function portsOf({ http, slots, deployer }: Config): Record<Variable, number> {
  return {
    HTTP_PORT: http.port,
    BLUE_PORT: slots.blue,
    GREEN_PORT: slots.green,
    DEPLOYER_PORT: deployer.port,
  };
}

/** The same ports, with the next free ones in place of those that are taken. */
async function freePorts(
  ports: Record<Variable, number>,
  taken: Variable[],
): Promise<Record<Variable, number>> {
  const result = { ...ports };
  if (SLOTS.some((name) => taken.includes(name))) Object.assign(result, await freeSlots(ports));
  for (const name of taken.filter((one) => !SLOTS.includes(one))) {
    do result[name] += 1;
    while (isTwice(result, name) || !(await isFree(result[name])));
  }
  return result;
}

/**
 * Both slots move, by pairs, even if one of their ports is free: where another Switchyard holds one, its idle slot
 * listens to nothing just now, and will want the other back.
 */
async function freeSlots(ports: Record<Variable, number>): Promise<Record<Variable, number>> {
  for (let low = Math.min(ports.BLUE_PORT, ports.GREEN_PORT) + 2; ; low += 2) {
    const moved = { ...ports, BLUE_PORT: low, GREEN_PORT: low + 1 };
    const free = await Promise.all(SLOTS.map(async (name) => !isTwice(moved, name) && isFree(moved[name])));
    if (free.every(Boolean)) return moved;
  }
}

function isTwice(ports: Record<Variable, number>, name: Variable): boolean {
  return VARIABLES.some((other) => other !== name && ports[other] === ports[name]);
}

/** Tried on every address, and looked for on the others: whoever holds the port on one of them would be in our way. */
async function isFree(port: number): Promise<boolean> {
  return !portInUse(port) && (await mayListen(port));
}

function mayListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // a port that only root may take is no port in use: nginx will say so
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES'));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
