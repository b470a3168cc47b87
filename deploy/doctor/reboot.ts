/** Checks that cron or systemd runs `npm start` after a reboot. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { BootLine } from './boot-line';
import { findBootLine, tryLine } from './boot-line';
import { asRoot } from '../os/as-root';
import { readableNamesIn } from '../os/names-in';
import type { Judgement } from './finding';
import { ok, warning, shellWord } from './finding';
import type { DoctorContext } from './context';
import { ASK_MS } from './timeouts';

const run = promisify(execFile);

const SYSTEM_TABLES = ['/etc/crontab', '/etc/cron.d'];
const UNITS = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

export async function checkReboot(context: DoctorContext): Promise<Judgement[]> {
  const { root } = context;
  const cron = [await ownCrontab(), ...SYSTEM_TABLES.flatMap((place) => textsIn(place))].join('\n');
  const folders = [...UNITS, path.join(homedir(), '.config/systemd/user')];
  const units = folders.flatMap((folder) => textsIn(folder, '.service'));
  const starter = starterOf(root, cron, units);
  const home = context.home().dir;
  const problem = starter?.by === 'cron' && starter.line ? await problemOf(starter.line, home) : null;
  if (starter && problem === null) return judgeReboot(starter, null, null, true);
  const wanted = { root, home, searchPath: context.env.PATH ?? '' };
  return judgeReboot(starter, problem, await findBootLine(wanted), await hasCrontab());
}

/** The service that runs `npm start` after a reboot. */
export interface Starter {
  by: 'cron' | 'systemd';
  /** The command of the cron entry; null if it does more than `npm start` and so must not run as a test. */
  line: string | null;
  /** The unchanged line of the crontab. */
  entry?: string;
}

const STARTS_ONLY = /^cd [\w@%+=:,./'-]+ && (?:[A-Z_]+=[\w@%+=:,./'$-]+ )*npm start$/;

/** @param cron text of all crontabs @param units text of each systemd unit */
export function starterOf(root: string, cron: string, units: string[]): Starter | null {
  const entry = cron.split('\n').find((each) => /^\s*@reboot\s/.test(each) && names(each, root));
  if (entry !== undefined) {
    const line = entry
      .replace(/^\s*@reboot\s+/, '')
      .replaceAll('\\%', '%')
      .trim();
    return { by: 'cron', line: STARTS_ONLY.test(line) ? line : null, entry };
  }
  const unit = units.some((text) => names(text, root) && /^ExecStart=/m.test(text));
  return unit ? { by: 'systemd', line: null } : null;
}

/** Why a line would not start this home after a reboot; null if it would. */
async function problemOf(line: string, home: string): Promise<string | null> {
  const result = await tryLine(line);
  if (!('home' in result)) return result.message;
  return result.home === home ? null : `it would start another home, ${result.home}`;
}

/** @param problem why cron's line would fail @param found the line that cron should have; null if nothing is wrong */
export function judgeReboot(
  starter: Starter | null,
  problem: string | null,
  found: BootLine | null,
  crontabIsThere: boolean,
): Judgement[] {
  if (found === null) return [ok(starter?.by === 'systemd' ? 'systemd starts it' : 'cron runs npm start')];
  const message =
    problem === null
      ? 'Nothing runs npm start after a reboot.'
      : `The line in the crontab would not start Switchyard after a reboot: ${problem}`;
  if (found.failure) {
    return [warning(`${message} Nor would ${found.line}: ${found.failure.message}`, found.failure.hint)];
  }
  // cron treats an unescaped percent sign as the end of the command
  const entry = `@reboot ${found.line.replaceAll('%', '\\%')}`;
  const without = starter?.entry === undefined ? '' : ` | grep -vxF -e ${shellWord(starter.entry)}`;
  // fails without a crontab, or if the crontab has no other line
  const others = `crontab -l 2>/dev/null${without}`;
  const change = `(${others} || true; printf '%s\\n' ${shellWord(entry)}) | crontab -`;
  return [warning(message, crontabIsThere ? change : `${asRoot('apt-get install -y cron')} && ${change}`)];
}

/** Whether the text names the folder itself, not one whose name merely starts with it. */
function names(text: string, root: string): boolean {
  const at = text.indexOf(root);
  return at >= 0 && !/[\w.-]/.test(text[at + root.length] ?? '');
}

/** Empty without a crontab or without cron. */
async function ownCrontab(): Promise<string> {
  return (await crontab()).stdout;
}

async function hasCrontab(): Promise<boolean> {
  return (await crontab()).code !== 'ENOENT';
}

function crontab(): Promise<{ stdout: string; code?: unknown }> {
  return run('crontab', ['-l'], { timeout: ASK_MS }).catch((error: unknown) => ({
    stdout: '',
    code: (error as NodeJS.ErrnoException).code,
  }));
}

/** The text of a file, or of every file in a folder whose name has this suffix. */
function textsIn(place: string, suffix = ''): string[] {
  try {
    return [readFileSync(place, 'utf8')];
  } catch {
    return readableNamesIn(place)
      .filter((name) => name.endsWith(suffix))
      .flatMap((name) => {
        try {
          return [readFileSync(path.join(place, name), 'utf8')];
        } catch {
          return [];
        }
      });
  }
}
