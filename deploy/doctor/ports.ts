/** The ports, and who holds them: our own processes, or a stranger. */
import { masterOf, processesOf } from '../traffic/nginx-processes';
import { portHolders, portInUse, type PortHolder } from '../traffic/port-holder';
import { processesWith } from '../runtimes/os-process';
import type { Judgement } from './finding';
import { fault, orOk } from './finding';
import type { Patient } from './patient';

export interface Port {
  port: number;
  /** Who is to hold it: `nginx`, `blue`, `deployer`. */
  whose: string;
  inUse: boolean;
  holders: PortHolder[];
  /** The pids of whoever it belongs to. */
  ours: number[];
}

export function checkPorts(patient: Patient): Judgement[] {
  const ports = look(patient);
  const facts = ports.map(({ port, whose, inUse }) => `${port} ${whose}${inUse ? '' : ' (free)'}`);
  return orOk(ports.flatMap(judgePort), facts.join(', '));
}

/** A free port is no fault: whoever is to hold it is missed elsewhere. */
export function judgePort({ port, whose, inUse, holders, ours }: Port): Judgement[] {
  if (!inUse) return [];
  const strangers = holders.filter(({ pid }) => !ours.includes(pid));
  const [stranger] = strangers;
  if (stranger) {
    const said = `Port ${port}, which is ${whose}'s, is held by ${stranger.command} (pid ${stranger.pid}).`;
    return [fault(said, `kill ${strangers.map(({ pid }) => pid).join(' ')}`)];
  }
  if (holders.length > 0) return [];
  const said = `Port ${port}, which is ${whose}'s, is held by a process of another user.`;
  return [fault(said, `sudo ss -ltnp 'sport = :${port}'`)];
}

function look(patient: Patient): Port[] {
  const home = patient.home();
  const config = patient.ports();
  const slotProcesses = processesWith('SWITCHYARD_DATA', home.shared);
  const inHome = processesWith('SWITCHYARD_HOME', home.dir).map(({ pid }) => pid);
  const master = masterOf(home);
  const nginx = [...processesOf(home), ...(master === null ? [] : [master])];
  const slots = patient.slots().map(({ name, port }) => ({
    port,
    whose: name,
    ours: slotProcesses.filter(({ env }) => env.SWITCHYARD_SLOT === name).map(({ pid }) => pid),
  }));
  return [
    { port: config.http.port, whose: 'nginx', ours: nginx },
    ...slots,
    { port: config.deployer.port, whose: 'the deployer', ours: inHome },
  ].map((each) => ({ ...each, inUse: portInUse(each.port), holders: portHolders(each.port) }));
}
