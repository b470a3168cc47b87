/** Are the ports free? Asked before anything is made, and answered with a line that works. */
import type { Config, Settings } from '../config/load';
import { slotsOf } from '../config/load';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { isPortFree, portInUseMessage } from '../os/port-holder';
import { serverOf } from './server';

/** What a port is called: by the variable that chooses it, also where only SLOTS does, as for AMBER_PORT. */
type Ports = Record<string, number>;

/** Throws E_PORT_IN_USE; the hint is a whole command with free ports. Ports that our own processes hold are ours. */
export async function checkPorts(home: Home, config: Config, settings: Settings): Promise<void> {
  const ports = portsOf(config);
  const ours = (await serverOf(home)?.portsInUse()) ?? [];
  const taken: string[] = [];
  for (const [name, port] of Object.entries(ports)) {
    if (!ours.includes(port) && !(await isPortFree(port))) taken.push(name);
  }
  const [first] = taken;
  if (first === undefined) return;
  const free = await freePorts(ports, taken);
  const line = commandLine(ports, free, settings);
  throw new KnownError(
    'E_PORT_IN_USE',
    `${first}: ${portInUseMessage(ports[first] as number)}`,
    `Choose others: ${line.join(' ')} npm start`,
  );
}

function portsOf(config: Config): Ports {
  const slots = slotsOf(config).map(({ name, port }) => [variableOf(name), port]);
  return {
    HTTP_PORT: config.http.port,
    ...(Object.fromEntries(slots) as Ports),
    DEPLOYER_PORT: config.deployer.port,
  };
}

const variableOf = (slot: string): string => `${slot.toUpperCase()}_PORT`;
const isSlot = (name: string): boolean => name !== 'HTTP_PORT' && name !== 'DEPLOYER_PORT';

/** Those that differ, and those that were chosen before. In a pool the ports follow that of its first slot. */
function commandLine(ports: Ports, free: Ports, settings: Settings): string[] {
  const slots = Object.keys(ports).filter(isSlot);
  const named = Object.keys(ports).filter((name) => !slots.slice(2).includes(name));
  const moved = slots.some((name) => free[name] !== ports[name]);
  return [
    ...(slots.length > 2 && (moved || 'SLOTS' in settings) ? [`SLOTS=${slots.length}`] : []),
    ...named
      .filter((name) => free[name] !== ports[name] || name in settings)
      .map((name) => `${name}=${free[name]}`),
  ];
}

/** The same ports, with the next free ones in place of those that are taken. */
async function freePorts(ports: Ports, taken: string[]): Promise<Ports> {
  const result = { ...ports, ...(taken.some(isSlot) ? await freeSlots(ports) : {}) };
  for (const name of taken.filter((one) => !isSlot(one))) {
    do result[name] = (result[name] as number) + 1;
    while (isTwice(result, name) || !(await isPortFree(result[name])));
  }
  return result;
}

/**
 * All slots move together, even if some of their ports are free: where another Switchyard holds one, its idle slots
 * listen to nothing just now, and will want the others back.
 */
async function freeSlots(ports: Ports): Promise<Ports> {
  const slots = Object.keys(ports).filter(isSlot);
  const lowest = Math.min(...slots.map((name) => ports[name] as number));
  for (let low = lowest + slots.length; ; low += slots.length) {
    const moved: Ports = { ...ports, ...Object.fromEntries(slots.map((name, index) => [name, low + index])) };
    const free = await Promise.all(
      slots.map(async (name) => !isTwice(moved, name) && isPortFree(moved[name] as number)),
    );
    if (free.every(Boolean)) return moved;
  }
}

function isTwice(ports: Ports, name: string): boolean {
  return Object.keys(ports).some((other) => other !== name && ports[other] === ports[name]);
}
