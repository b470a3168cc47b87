/** Checks that nginx has connections left for users, and that the machine lets it hold as many as configured. */
import { plural } from '../core/format';
import { asRoot } from '../os/as-root';
import { clientsOf } from '../os/connections';
import { openFilesLimit } from '../os/open-files';
import { WORKER_CONNECTIONS, WORKER_FILES } from '../traffic/nginx-files';
import { acceptingWorkers } from '../traffic/nginx-processes';
import { dropsConnections } from '../traffic/overload';
import type { Judgement } from './finding';
import { fault, ok, warning } from './finding';
import type { DoctorContext } from './context';

export async function checkConnections(context: DoctorContext): Promise<Judgement[]> {
  const { port } = context.ports().http;
  const limits = acceptingWorkers(context.home()).map(openFilesLimit);
  const files = Math.min(...limits.filter((limit) => limit !== null), WORKER_FILES);
  const drops = await dropsConnections(context.home(), port);
  return judgeConnections({ port, drops, open: clientsOf(port).size, files });
}

interface Connections {
  port: number;
  /** True if nginx drops new connections, or does not answer on them. */
  drops: boolean;
  /** Open connections of clients. */
  open: number;
  /** How many files each worker may open; WORKER_FILES unless the machine allows fewer. */
  files: number;
}

export function judgeConnections({ port, drops, open, files }: Connections): Judgement[] {
  if (drops) {
    const message = `nginx drops new connections on port ${port}, where clients have ${plural(open, 'connection')} open.`;
    return [fault(message, clientsByAddress(port))];
  }
  if (files < WORKER_FILES) {
    const most = Math.min(WORKER_CONNECTIONS, files);
    const message = `Each worker of nginx may open ${files} files instead of ${WORKER_FILES}, and so hold at most ${most} connections.`;
    return [warning(message, raiseLimit())];
  }
  return [ok(`${plural(open, 'open client connection')}`)];
}

/** Shows which addresses hold the connections. */
function clientsByAddress(port: number): string {
  return `ss -Htn state established '( sport = :${port} )' | awk '{sub(/:[0-9]+$/, "", $4); print $4}' | sort | uniq -c | sort -rn | head`;
}

function raiseLimit(): string {
  if (process.geteuid?.() === 0)
    return `Raise the limit where nginx's container or service is started: --ulimit nofile=${WORKER_FILES}, LimitNOFILE=${WORKER_FILES}.`;
  const line = `$(id -un) hard nofile ${WORKER_FILES}`;
  return `echo "${line}" | ${asRoot('tee /etc/security/limits.d/switchyard.conf')}, log in again, npm stop && npm start`;
}
