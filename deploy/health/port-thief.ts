/**
 * Finds a process outside a slot that listens on the slot's port. It may have taken the port in the instant the app
 * exited, and can answer like the app, so only the kernel's list of sockets counts.
 */
import type { SlotName } from '../core/slot';
import type { DeployContext } from '../context';
import { slotNamed } from '../context';
import { isHolderHidden, portHolders, portInUse } from '../os/port-holder';
import { withDescendants } from '../os/process-table';

/**
 * One clause that names the process; null if the slot's own process has the port, or no process has it. Null for
 * containers too: while the engine restarts one, it does not know the new process yet, which would look like a thief.
 */
export async function portThief(context: DeployContext, slot: SlotName): Promise<string | null> {
  const { port } = slotNamed(context, slot);
  if (context.config.runtime !== 'pm2' || !portInUse(port)) return null;
  const holders = portHolders(port);
  if (holders.length === 0) {
    // the kernel hides the processes of other users, and a slot under PM2 has the deployer's
    if (isHolderHidden(port)) return 'a process of another user';
    return portThief(context, slot); // the port has passed on meanwhile
  }
  // listed after the holders: a process that the runtime has started meanwhile is the slot's own
  const running = (await context.runtime.list(slot)).find((each) => each.slot === slot);
  const own = new Set(running?.pid ? withDescendants([running.pid]) : []);
  const stranger = holders.find(({ pid }) => !own.has(pid));
  // the slot's process may have exited meanwhile
  const isThere = portHolders(port).some(({ pid }) => pid === stranger?.pid);
  return stranger && isThere ? `${stranger.command} (pid ${stranger.pid})` : null;
}
