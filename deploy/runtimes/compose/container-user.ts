/**
 * Chooses the user that containers run as: the user who started Switchyard, who owns the shared folder. No container
 * runs as root, so for root it is `node`, which Node's images define, and the shared folder is given to it.
 */
import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { promisify } from 'node:util';
import { changeOwnerBelow } from '../../os/change-owner';
import type { ContainerUser } from './definitions';

const run = promisify(execFile);

const NODE: ContainerUser = { uid: 1000, gid: 1000 };

/** The user of the containers that this process starts, or that `starter` started. */
export function containerUser(starter: ContainerUser = ourselves()): ContainerUser {
  return starter.uid === 0 ? NODE : starter;
}

function ourselves(): ContainerUser {
  const uid = process.getuid?.() ?? NODE.uid;
  return { uid, gid: process.getgid?.() ?? uid };
}

/**
 * Makes that user the owner of everything in the shared folder, including files from another runtime or from root. Only
 * root can and needs to do this; for any other user the container already owns the folder.
 */
export async function changeDataOwner(folder: string, user: ContainerUser): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const data = realpathSync(folder);
  if (await hasForeignFiles(data, user)) changeOwnerBelow(data, user);
}

/** Read-only and quick because it runs at each start: a large folder is changed once and only checked later. */
async function hasForeignFiles(folder: string, { uid, gid }: ContainerUser): Promise<boolean> {
  const foreign = ['(', '!', '-uid', String(uid), '-o', '!', '-gid', String(gid), ')'];
  const changeable = ['(', '-type', 'd', '-o', '(', '!', '-type', 'l', '-links', '1', ')', ')'];
  const args = [folder, '-xdev', ...changeable, ...foreign, '-print', '-quit'];
  // `find` also fails if a file vanishes during the search
  const { stdout } = await run('find', args).catch((error: unknown) => error as { stdout: string });
  return stdout !== '';
}
