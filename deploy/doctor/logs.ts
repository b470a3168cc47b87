/** Checks that nginx and PM2 write to the current log files and can open new ones after a rotation. */
import { staleNginxLogs, stalePm2Logs } from '../deployer/stale-logs';
import { workerFolderMode } from '../traffic/worker-folders';
import { masterOf } from '../traffic/nginx-processes';
import { waitUntil } from '../os/wait-until';
import type { WorkerUser } from '../traffic/worker-user';
import { closedFolder, findWorkerUser } from '../traffic/worker-user';
import type { Judgement } from './finding';
import { fault, orOk, shellWord } from './finding';
import type { DoctorContext } from './context';

/** A rotation takes milliseconds, so logs that are stale for this long stay stale. */
const ROTATION_MS = 1000;
const POLL_EVERY_MS = 50;

export async function checkLogs(context: DoctorContext): Promise<Judgement[]> {
  const home = context.home();
  const user = findWorkerUser();
  const master = masterOf(home);
  return orOk(
    judgeLogs({
      folder: home.logs,
      user,
      // a closed parent folder also closes the traffic table, whose check reports it
      isClosed: closedFolder(home.logs, user) === home.logs,
      master,
      nginx: await lasting(() => staleNginxLogs(home)),
      pm2: await lasting(() => stalePm2Logs(home)),
    }),
    'written to their current files',
  );
}

export interface Logs {
  folder: string;
  /** Null if nginx's workers have the same rights as this process. */
  user: WorkerUser | null;
  /** True if the workers may not enter the folder. */
  isClosed: boolean;
  master: number | null;
  /** Renamed or removed files that nginx still writes to. */
  nginx: string[];
  /** The same for PM2. */
  pm2: string[];
}

export function judgeLogs({ folder, user, isClosed, master, nginx, pm2 }: Logs): Judgement[] {
  const reopen = master !== null && nginx.length > 0 ? `kill -USR1 ${master}` : null;
  const complaints: Judgement[] = [];
  if (isClosed && user !== null) {
    const message = `nginx's user ${user.name} may not enter ${folder}: it cannot open a new log after a rotation.`;
    complaints.push(
      fault(message, [opening(folder, user), ...(reopen === null ? [] : [reopen])].join(' && ')),
    );
  } else if (reopen !== null) {
    complaints.push(fault(`nginx still writes to ${nginx.join(' and ')}.`, reopen));
  }
  if (pm2.length > 0) {
    complaints.push(fault(`PM2 still writes to ${pm2.join(' and ')}.`, 'npm run -s pm2 -- reloadLogs'));
  }
  return complaints;
}

function opening(folder: string, user: WorkerUser): string {
  const mode = workerFolderMode(user).toString(8);
  return `chgrp ${user.gid} ${shellWord(folder)} && chmod ${mode} ${shellWord(folder)}`;
}

/** The stale logs that remain after the time that a rotation takes. */
async function lasting(find: () => string[]): Promise<string[]> {
  let stale: string[] = [];
  const areGone = (): boolean => (stale = find()).length === 0;
  await waitUntil(areGone, { everyMs: POLL_EVERY_MS, withinMs: ROTATION_MS });
  return stale;
}
