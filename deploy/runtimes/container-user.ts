/**
 * As whom the containers run: as the user who started Switchyard, who owns the shared folder. No container runs as
 * root, so for root it is the user `node` that Node's images have, and the folder is given to it.
 */
import { lchownSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { ContainerUser } from './compose-definitions';

const NODE: ContainerUser = { uid: 1000, gid: 1000 };

/** The user of this process's containers. */
export function containerUser(): ContainerUser {
  const uid = process.getuid?.() ?? NODE.uid;
  return uid === 0 ? NODE : { uid, gid: process.getgid?.() ?? uid };
}

/**
 * Lets that user write the shared folder, also what another runtime, or root by hand, has put there. Only root
 * can and need do that: for anybody else the folder is the container's already.
 */
export function giveData(folder: string, { uid, gid }: ContainerUser): void {
  if (process.getuid?.() !== 0) return;
  for (const name of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) {
    giveFile(path.join(folder, name), uid, gid);
  }
}

function giveFile(file: string, uid: number, gid: number): void {
  const owner = lstatSync(file, { throwIfNoEntry: false });
  if (!owner || (owner.uid === uid && owner.gid === gid)) return;
  try {
    // never through a link, which may lead anywhere
    lchownSync(file, uid, gid);
  } catch (error) {
    // SQLite removes its files beside the database as it closes it
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
