/** Checks that Switchyard's own processes, and no others, hold its ports. */
import { masterOf, processesOf } from '../traffic/nginx-processes';
import { isHolderHidden, portHolders, portInUse, type PortHolder } from '../os/port-holder';
import type { RunningSlot } from '../core/slot';
import { asRoot } from '../os/as-root';
import { processesWith, withDescendants } from '../os/process-table';
import type { Judgement } from './finding';
import { fault, orOk } from './finding';
import type { DoctorContext } from './context';

export interface Port {
  port: number;
  /** The intended holder: `nginx`, `blue`, `the deployer`. */
  whose: string;
  inUse: boolean;
  holders: PortHolder[];
  /** Whether another user's process, which the kernel does not show, holds it. */
  isHidden: boolean;
  /** Pids of the intended holder. */
  ours: number[];
}

export async function checkPorts(context: DoctorContext): Promise<Judgement[]> {
  const ports = portsOf(context, await context.running());
  const facts = ports.map(({ port, whose, inUse }) => `${port} ${whose}${inUse ? '' : ' (free)'}`);
  return orOk(ports.flatMap(judgePort), facts.join(', '));
}

/** A free port is not a fault here: another check reports the missing process. */
export function judgePort({ port, whose, inUse, holders, isHidden, ours }: Port): Judgement[] {
  if (!inUse) return [];
  const strangers = holders.filter(({ pid }) => !ours.includes(pid));
  const [stranger] = strangers;
  if (stranger) {
    const message = `Port ${port}, which is ${whose}'s, is held by ${stranger.command} (pid ${stranger.pid}).`;
    return [fault(message, `kill ${strangers.map(({ pid }) => pid).join(' ')}`)];
  }
  // a container's process belongs to another user, and only root may inspect it
  if (!isHidden || ours.length > 0) return [];
  const message = `Port ${port}, which is ${whose}'s, is held by a process of another user.`;
  return [fault(message, asRoot(`ss -ltnp 'sport = :${port}'`))];
}

/** Pids that PM2 or the engine started. In a container, this process starts the app as its child. */
function pidsIn(slot: string, running: RunningSlot[]): number[] {
  return running.flatMap((each) => (each.slot === slot && each.pid !== null ? [each.pid] : []));
}

function portsOf(context: DoctorContext, running: RunningSlot[]): Port[] {
  const home = context.home();
  const config = context.ports();
  const inHome = processesWith('SWITCHYARD_HOME', home.dir).map(({ pid }) => pid);
  const master = masterOf(home);
  const nginx = [...processesOf(home), ...(master === null ? [] : [master])];
  const slots = context.slots().map(({ name, port }) => ({
    port,
    whose: name,
    ours: withDescendants(pidsIn(name, running)),
  }));
  return [
    { port: config.http.port, whose: 'nginx', ours: nginx },
    ...slots,
    { port: config.deployer.port, whose: 'the deployer', ours: inHome },
  ].map((each) => ({
    ...each,
    inUse: portInUse(each.port),
    holders: portHolders(each.port),
    isHidden: isHolderHidden(each.port),
  }));
}
