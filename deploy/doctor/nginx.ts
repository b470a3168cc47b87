/** Checks that nginx is installed, has the modules that the site needs, and is running. */
import { readlinkSync } from 'node:fs';
import { printable } from '../core/format';
import { asRoot } from '../os/as-root';
import { lastLines } from '../os/tail';
import { errorLog } from '../traffic/nginx-files';
import { masterOf } from '../traffic/nginx-processes';
import { complaint } from '../traffic/nginx-refusal';
import type { Judgement } from './finding';
import { fault, orOk, warning } from './finding';
import type { DoctorContext } from './context';

/** Modules that the templates in nginx/ use and a custom build may omit. */
const NEEDED = ['rewrite', 'proxy', 'map', 'geo', 'limit_conn', 'upstream_keepalive', 'split_clients'];
const LINES = 5;

export async function checkNginx(context: DoctorContext): Promise<Judgement[]> {
  const { version, file, built } = await context.nginx();
  const missing = missingModules(built);
  if (missing.length > 0) {
    const message = `${file} was built without ${missing.join(', ')}.`;
    return [fault(message, asRoot('apt-get install -y --no-install-recommends nginx'))];
  }
  const home = context.home();
  const master = masterOf(home);
  if (master === null) return [await stopped(errorLog(home))];
  return orOk(judgeProgram(master), `nginx ${version}, pid ${master}`);
}

/** @param built output of `nginx -V` */
export function missingModules(built: string): string[] {
  return NEEDED.filter((name) => built.includes(`--without-http_${name}_module`));
}

/** Judges a stopped nginx. The last emergency in its log, if any, is the cause. */
async function stopped(log: string): Promise<Judgement> {
  const emergency = (await lastLines(log, LINES)).findLast((line) => line.includes('[emerg]'));
  const why = emergency === undefined ? '' : ` Its log ends with: ${printable(complaint(emergency))}`;
  return fault(`nginx is not running: users get no answer.${why}`, 'npm start');
}

function judgeProgram(master: number): Judgement[] {
  const program = linkOf(`/proc/${master}/exe`);
  if (!program?.endsWith(' (deleted)')) return [];
  return [
    warning('nginx was updated on disk, but the old version is still running.', 'npm stop && npm start'),
  ];
}

function linkOf(file: string): string | null {
  try {
    return readlinkSync(file);
  } catch {
    return null;
  }
}
