/** Checks that other users cannot access files that are secret or decide which release is live. */
import { lstatSync } from 'node:fs';
import type { Home } from '../home/home';
import { modesOf } from '../home/modes';
import { workerFolderMode } from '../traffic/worker-folders';
import { findWorkerUser } from '../traffic/worker-user';
import type { Judgement } from './finding';
import { fault, orOk, shellWord } from './finding';
import type { DoctorContext } from './context';

export function checkPermissions(context: DoctorContext): Judgement[] {
  const complaints = wantedIn(context.home()).flatMap(({ file, mode }) => {
    const found = modeOf(file);
    return found === null ? [] : judgeMode(file, found, mode);
  });
  return orOk(complaints, 'private files are accessible only to their owner');
}

/** A mode that is stricter than the wanted one passes. */
export function judgeMode(file: string, found: number, wanted: number): Judgement[] {
  if ((found & ~wanted) === 0) return [];
  const message = `Others on this machine may use ${file} (mode ${octal(found)}).`;
  return [fault(message, `chmod ${octal(wanted)} ${shellWord(file)}`)];
}

function wantedIn(home: Home): { file: string; mode: number }[] {
  const entered = [home.logs, home.nginx];
  const mode = workerFolderMode(findWorkerUser());
  const others = modesOf(home).filter(({ file }) => !entered.includes(file));
  return [...others, ...entered.map((file) => ({ file, mode }))];
}

function modeOf(file: string): number | null {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  return stat ? stat.mode & 0o777 : null;
}

function octal(mode: number): string {
  return mode.toString(8);
}
