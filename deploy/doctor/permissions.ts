/** What others on the machine may do with the home: nothing with what is secret, or decides what is live. */
import { lstatSync } from 'node:fs';
import type { Home } from '../home';
import { turnFile } from '../setup/turn';
import { logFolderMode } from '../traffic/log-folder';
import { findWorkerUser } from '../traffic/worker-user';
import type { Judgement } from './finding';
import { fault, orOk, word } from './finding';
import type { Patient } from './patient';

export function checkPermissions(patient: Patient): Judgement[] {
  const complaints = privateIn(patient.home()).flatMap(({ file, mode }) => {
    const found = modeOf(file);
    return found === null ? [] : judgeMode(file, found, mode);
  });
  return orOk(complaints, 'what is private is only yours');
}

/** A mode may be stricter than the wanted one. */
export function judgeMode(file: string, found: number, wanted: number): Judgement[] {
  if ((found & ~wanted) === 0) return [];
  const said = `Others on this machine may use ${file} (mode ${octal(found)}).`;
  return [fault(said, `chmod ${octal(wanted)} ${word(file)}`)];
}

function privateIn(home: Home): { file: string; mode: number }[] {
  const files = [home.secret, home.settings, home.socket, home.journal, home.lock, turnFile(home)];
  const folders = [home.shared, home.releases, home.pm2, home.compose, home.env];
  return [
    ...files.map((file) => ({ file, mode: 0o600 })),
    ...folders.map((file) => ({ file, mode: 0o700 })),
    { file: home.logs, mode: logFolderMode(findWorkerUser()) },
  ];
}

function modeOf(file: string): number | null {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  return stat ? stat.mode & 0o777 : null;
}

function octal(mode: number): string {
  return mode.toString(8);
}
