/** After a reboot: is there somebody who runs npm start? */
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Judgement } from './finding';
import { ok, warning, word } from './finding';
import type { Patient } from './patient';
import { ASK_MS } from './patience';

const run = promisify(execFile);

const SYSTEM_TABLES = ['/etc/crontab', '/etc/cron.d'];
const UNITS = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

export async function checkReboot(patient: Patient): Promise<Judgement[]> {
  const cron = [await ownCrontab(), ...SYSTEM_TABLES.flatMap((place) => textsIn(place))].join('\n');
  const home = patient.env.HOME;
  const folders = [...UNITS, ...(home ? [path.join(home, '.config/systemd/user')] : [])];
  const units = folders.flatMap((folder) => textsIn(folder, '.service'));
  return judgeReboot(patient.root, cron, units, process.execPath);
}

/** @param cron every line of cron's tables @param units the text of each systemd unit @param node absolute path */
export function judgeReboot(root: string, cron: string, units: string[], node: string): Judgement[] {
  const line = cron.split('\n').find((each) => /^\s*@reboot\s/.test(each) && names(each, root));
  if (line !== undefined) return [ok('cron runs npm start')];
  if (units.some((unit) => names(unit, root) && /^ExecStart=/m.test(unit))) return [ok('systemd starts it')];
  // cron's PATH leads to no Node of a version manager
  const wanted = `@reboot cd ${word(root)} && PATH=${word(path.dirname(node))}:$PATH npm start`;
  const said = 'After a reboot nobody would run npm start.';
  return [warning(said, `Add this line with crontab -e: ${wanted}`)];
}

/** The folder itself, and not one whose name begins like it. */
function names(text: string, root: string): boolean {
  const at = text.indexOf(root);
  return at >= 0 && !/[\w.-]/.test(text[at + root.length] ?? '');
}

/** Empty where there is none, or no cron. */
async function ownCrontab(): Promise<string> {
  try {
    return (await run('crontab', ['-l'], { timeout: ASK_MS })).stdout;
  } catch {
    return '';
  }
}

/** The text of a file, or of each file of a folder. */
function textsIn(place: string, ending = ''): string[] {
  try {
    return [readFileSync(place, 'utf8')];
  } catch {
    return namesIn(place)
      .filter((name) => name.endsWith(ending))
      .flatMap((name) => {
        try {
          return [readFileSync(path.join(place, name), 'utf8')];
        } catch {
          return [];
        }
      });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
