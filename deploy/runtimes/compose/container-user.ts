/**
 * As whom the containers run: as the user who started Switchyard, who owns the shared folder. No container runs as
 * root, so for root it is the user `node` that Node's images have, and the folder is given to it.
 */
import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { promisify } from 'node:util';
import { changeOwnerBelow } from '../../os/change-owner';
import type { ContainerUser } from './definitions';

const run = promisify(execFile);

const NODE: ContainerUser = { uid: 1000, gid: 1000 };

/** The user of this process's containers, or of those that another one has started. */
export function containerUser(starter: ContainerUser = ourselves()): ContainerUser {
  return starter.uid === 0 ? NODE : starter;
}

function ourselves(): ContainerUser {
  const uid = process.getuid?.() ?? NODE.uid;
  return { uid, gid: process.getgid?.() ?? uid };
}

/**
 * Lets that user write the shared folder, also what another runtime, or root by hand, has put there. Only root
 * can and need do that: for anybody else the folder is the container's already.
 */
export async function giveData(folder: string, user: ContainerUser): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const data = realpathSync(folder);
  if (await hasForeignFiles(data, user)) changeOwnerBelow(data, user);
}

/** Read-only and quick, since it runs at each start: a large folder is changed once and then only checked. */
async function hasForeignFiles(folder: string, { uid, gid }: ContainerUser): Promise<boolean> {
  const foreign = ['(', '!', '-uid', String(uid), '-o', '!', '-gid', String(gid), ')'];
  const changeable = ['(', '-type', 'd', '-o', '(', '!', '-type', 'l', '-links', '1', ')', ')'];
  const args = [folder, '-xdev', ...changeable, ...foreign, '-print', '-quit'];
  // files vanish while it looks, which makes it fail, too
  const { stdout } = await run('find', args).catch((error: unknown) => error as { stdout: string });
  return stdout !== '';
}
