/** Checks that the ports are free before a start creates anything, and suggests a command that works. */
import type { Config } from '../config/load';
import type { Settings } from '../config/settings';
import { slotsOf } from '../config/load';
import { KnownError } from '../core/errors';
import { shellWord } from '../core/shell-word';
import type { Home } from '../home/home';
import { isPortFree, portHolder, portInUseMessage } from '../os/port-holder';
import { cloneOf } from './other-clone';
import { serverOf } from './server';

/** Ports by variable name. Later slots of a pool also get a name (AMBER_PORT), although only SLOTS sets their ports. */
type Ports = Record<string, number>;

/** Throws E_PORT_IN_USE with a complete command that uses free ports. Ports of this home's processes count as free. */
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
  throw portInUseError(first, ports[first] as number, `${line.join(' ')} npm start`);
}

/** @param others a command that starts on free ports */
function portInUseError(name: string, port: number, others: string): KnownError {
  const holder = portHolder(port);
  const clone = holder === null ? null : cloneOf(holder.pid);
  if (clone === null) {
    return new KnownError('E_PORT_IN_USE', `${name}: ${portInUseMessage(port)}`, `Choose others: ${others}`);
  }
  const message = `${name}: Port ${port} is held by your other clone, ${clone}.`;
  const hint = `Choose others: ${others}. Or stop that one: cd ${shellWord(clone)} && npm stop`;
  return new KnownError('E_PORT_IN_USE', message, hint);
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

/** The settings for the changed ports and those set before. In a pool, the later ports follow the first slot's port. */
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

/** These ports, with each taken one replaced by the next free one. */
async function freePorts(ports: Ports, taken: string[]): Promise<Ports> {
  const result = { ...ports, ...(taken.some(isSlot) ? await freeSlots(ports) : {}) };
  for (const name of taken.filter((one) => !isSlot(one))) {
    do result[name] = (result[name] as number) + 1;
    while (isTwice(result, name) || !(await isPortFree(result[name])));
  }
  return result;
}

/**
 * Moves all slots together, even those with a free port. If another Switchyard holds one of the ports, its idle slots
 * will need the others later, although they are not listening now.
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
