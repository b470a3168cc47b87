/** Checks that the app's user owns all of the app's data and can therefore write it. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { asRoot } from '../os/as-root';
import type { ContainerUser } from '../runtimes/compose/definitions';
import { containerUser } from '../runtimes/compose/container-user';
import type { Judgement } from './finding';
import { ok, warning, shellWord } from './finding';
import type { DoctorContext } from './context';
import { ASK_MS } from './timeouts';

const run = promisify(execFile);

export async function checkData(context: DoctorContext): Promise<Judgement[]> {
  const { dir, shared } = context.home();
  const owner = statSync(dir);
  const user = context.ports().runtime === 'compose' ? containerUser(owner) : owner;
  // root can write every file
  if (user.uid === 0) return [ok('the app runs as root')];
  return judgeData(shared, user, await foreignFile(shared, user));
}

/** @param foreign a file below the folder that another user owns, or null */
export function judgeData(folder: string, { uid, gid }: ContainerUser, foreign: string | null): Judgement[] {
  if (foreign === null) return [ok(`all of it belongs to user ${uid}, as whom the app runs`)];
  const message = `The app runs as user ${uid}, and ${path.relative(folder, foreign) || folder} belongs to another one: it may be unable to write it.`;
  // -execdir, because the app writes here too and could swap part of a printed path for a link before chown runs
  const find = `find ${[folder, ...foreignBelow(uid)].map(shellWord).join(' ')}`;
  return [warning(message, asRoot(`${find} -execdir chown -h ${uid}:${gid} {} +`))];
}

/** Skips symbolic links: their targets are not the app's data. */
function foreignBelow(uid: number): string[] {
  return ['-xdev', '!', '-type', 'l', '!', '-uid', String(uid)];
}

async function foreignFile(folder: string, { uid }: ContainerUser): Promise<string | null> {
  const args = [folder, ...foreignBelow(uid), '-print0', '-quit'];
  // find also fails when a file vanishes during the search
  const found = await run('find', args, { timeout: ASK_MS }).catch(
    (error: unknown) => error as { stdout: string },
  );
  return found.stdout.split('\0')[0] || null;
}
