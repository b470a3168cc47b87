/** Finds and runs the machine's nginx binary. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';

export interface NginxBinary {
  file: string;
  /** `1.22.1` */
  version: string;
  /** The build options, as `nginx -V` prints them. */
  built: string;
}

export interface RunResult {
  code: number | null;
  stderr: string;
}

const OLDEST: [number, number] = [1, 18];
/** Distributions install nginx in folders that are not in an ordinary user's PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/usr/local/nginx/sbin'];

/** Finds nginx in `searchPath` (a PATH), then in the system folders. Throws E_NO_NGINX, E_NGINX_TOO_OLD. */
export async function findNginx(searchPath: string): Promise<NginxBinary> {
  const folders = [...searchPath.split(':').filter((folder) => path.isAbsolute(folder)), ...SYSTEM_FOLDERS];
  const file = folders.map((folder) => path.join(folder, 'nginx')).find(isProgram);
  if (file === undefined) throw new KnownError('E_NO_NGINX', 'nginx is not installed on this machine.');
  const { stderr } = await runNginx(file, ['-V']);
  const version = parseVersion(stderr);
  if (version === null) throw new KnownError('E_NO_NGINX', `${file} is not nginx.`);
  if (isTooOld(version)) throw new KnownError('E_NGINX_TOO_OLD', `${file} is nginx ${version}.`);
  return { file, version, built: stderr };
}

/** `nginx version: nginx/1.22.1` -> `1.22.1`; null for anything else. */
export function parseVersion(output: string): string | null {
  return /nginx version: [^/\s]+\/(\d+\.\d+\.\d+)/.exec(output)?.[1] ?? null;
}

export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** Older versions treat the app's 103 Early Hints as its response, which then lasts as long as the connection. */
export function passesEarlyHints(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 1 || minor >= 29;
}

/** Resolves when the program exits; does not wait for a daemon that it leaves behind. */
export function runNginx(file: string, args: string[], cwd = '/'): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env: cleanEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

/**
 * nginx needs none of the caller's variables and must not see its secrets. An `NGINX` variable, in particular, would
 * make it inherit another nginx's sockets.
 */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
