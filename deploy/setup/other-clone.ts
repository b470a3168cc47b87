/** Recognizes processes of another running clone of Switchyard, which may hold a port. */
import { homeAt } from '../home/home';
import { processesWith } from '../os/process-table';
import { processesOf } from '../traffic/nginx-processes';

/** The path of this process's clone; null if it belongs to no running clone of this user. */
export function cloneOf(pid: number): string | null {
  const deployers = processesWith('SWITCHYARD_ROOT').filter(({ env }) => env.SWITCHYARD_HOME !== undefined);
  for (const { env } of deployers) {
    const home = homeAt(env.SWITCHYARD_HOME as string);
    const apps = [
      ...processesWith('SWITCHYARD_HOME', home.dir),
      ...processesWith('SWITCHYARD_DATA', home.shared),
    ];
    const pids = [...apps.map((each) => each.pid), ...processesOf(home)];
    if (pids.includes(pid)) return env.SWITCHYARD_ROOT as string;
  }
  return null;
}
