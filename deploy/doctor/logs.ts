/** The logs: nginx and PM2 write to the files of these names, and can open new ones after a rotation. */
import { setTimeout as sleep } from 'node:timers/promises';
import { staleNginxLogs, stalePm2Logs } from '../deployer/stale-logs';
import { logFolderMode } from '../traffic/log-folder';
import { masterOf } from '../traffic/nginx-processes';
import type { WorkerUser } from '../traffic/worker-user';
import { closedFolder, findWorkerUser } from '../traffic/worker-user';
import type { Judgement } from './finding';
import { fault, orOk, word } from './finding';
import type { DoctorContext } from './context';

/** A rotation that is under way ends within milliseconds. */
const ROTATION_MS = 1000;
const LOOK_EVERY_MS = 50;

export async function checkLogs(context: DoctorContext): Promise<Judgement[]> {
  const home = context.home();
  const user = findWorkerUser();
  const master = masterOf(home);
  return orOk(
    judgeLogs({
      folder: home.logs,
      user,
      // a closed folder on the way there closes the traffic table too, which is its own fault
      isClosed: closedFolder(home.logs, user) === home.logs,
      master,
      nginx: await lasting(() => staleNginxLogs(home)),
      pm2: await lasting(() => stalePm2Logs(home)),
    }),
    'written under their names',
  );
}

export interface Logs {
  folder: string;
  /** Null when nginx's workers have our own rights. */
  user: WorkerUser | null;
  /** The workers may not enter it. */
  isClosed: boolean;
  master: number | null;
  /** The renamed or removed files that each still writes to. */
  nginx: string[];
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
  const mode = logFolderMode(user).toString(8);
  return `chgrp ${user.gid} ${word(folder)} && chmod ${mode} ${word(folder)}`;
}

/** What is still so after a rotation would be over. */
async function lasting(look: () => string[]): Promise<string[]> {
  const deadline = performance.now() + ROTATION_MS;
  for (;;) {
    const found = look();
    if (found.length === 0 || performance.now() > deadline) return found;
    await sleep(LOOK_EVERY_MS);
  }
}
