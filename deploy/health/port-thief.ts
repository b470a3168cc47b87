/**
 * Finds a process outside a slot that gets connections to the slot's port. It may have taken the port the instant the
 * app exited. It can respond like the app, so only the kernel's list of sockets counts.
 */
import { KnownError } from '../core/errors';
import type { RunningSlot, SlotName } from '../core/slot';
import type { DeployContext } from '../context';
import { slotNamed } from '../context';
import { isHeldByAnotherUser, isHolderHidden, localHolders, localListeners } from '../os/port-holder';
import { openFiles } from '../os/open-files';
import { isInContainer, withDescendants } from '../os/process-table';

/** One clause that names the process; null if the slot's own process has the port, or no process has it. */
async function portThief(context: DeployContext, slot: SlotName): Promise<string | null> {
  const { port } = slotNamed(context, slot);
  const sockets = localListeners(port);
  if (sockets.size === 0 || (await holdsAll(context, slot, sockets))) return null;
  const holders = localHolders(port);
  if (holders.length === 0) {
    if (!isHolderHidden(port, localListeners)) return portThief(context, slot); // the port has changed hands since
    // a slot has the deployer's user, and a container with another group is hidden too
    return isHeldByAnotherUser(port) ? 'a process of another user' : null;
  }
  // listed after the holders, so that a process that the runtime has just started counts as the slot's own
  const running = (await context.runtime.list(slot)).find((each) => each.slot === slot);
  const own = running?.container === undefined ? pidsOf(running) : null;
  const isOwn = (pid: number): boolean => own?.has(pid) ?? isInContainer(pid, running?.container as string);
  const stranger = holders.find(({ pid }) => !isOwn(pid));
  // the slot's process may have exited since
  const isThere = localHolders(port).some(({ pid }) => pid === stranger?.pid);
  return stranger && isThere ? `${stranger.command} (pid ${stranger.pid})` : null;
}

/** Whether the slot's first process has all of the sockets. If so, there is no need to search all processes. */
async function holdsAll({ runtime }: DeployContext, slot: SlotName, sockets: Set<string>): Promise<boolean> {
  const running = (await runtime.list(slot)).find((each) => each.slot === slot);
  if (!running?.pid) return false;
  const open = new Set(openFiles(running.pid));
  return [...sockets].every((socket) => open.has(socket));
}

function pidsOf(running: RunningSlot | undefined): Set<number> {
  return new Set(running?.pid ? withDescendants([running.pid]) : []);
}

/**
 * The failure of a slot whose port another process holds, whatever that process responds; null while the slot has its
 * port.
 */
export async function stolenPort(context: DeployContext, slot: SlotName): Promise<KnownError | null> {
  // an engine that does not answer is not evidence of a thief
  const thief = await portThief(context, slot).catch(() => null);
  return thief === null ? null : strangerOn(context, slot, thief);
}

export function strangerOn(context: DeployContext, slot: SlotName, thief: string): KnownError {
  return new KnownError('E_STRANGER_ON_PORT', `P${takenPort(context, slot, thief).slice(1)}.`);
}

/** `port 8080 of blue was taken by node (pid 4711)` */
export function takenPort(context: DeployContext, slot: SlotName, thief: string): string {
  return `port ${slotNamed(context, slot).port} of ${slot} was taken by ${thief}`;
}

/** Does the work. If another process has the port afterwards, throws E_STRANGER_ON_PORT, which explains any failure. */
export async function withOwnPort<T>(
  context: DeployContext,
  slot: SlotName,
  work: () => Promise<T>,
): Promise<T> {
  const result = await work().catch(async (error: unknown) => {
    throw (await stolenPort(context, slot)) ?? error;
  });
  const stolen = await stolenPort(context, slot);
  if (stolen) throw stolen;
  return result;
}

export type PortWatch = (slot: SlotName, afresh?: boolean) => Promise<string | null>;

/**
 * Returns a cached portThief: it searches for the holders again only if the listening sockets have changed or the last
 * search found a thief.
 */
export function createPortWatch(context: DeployContext): PortWatch {
  const proven = new Map<SlotName, string>();
  return async (slot, afresh = false) => {
    const sockets = [...localListeners(slotNamed(context, slot).port)].join();
    if (!afresh && proven.get(slot) === sockets) return null;
    const thief = await portThief(context, slot);
    if (thief === null) proven.set(slot, sockets);
    else proven.delete(slot);
    return thief;
  };
}
