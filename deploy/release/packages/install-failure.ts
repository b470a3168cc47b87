/** Determines why `npm ci` failed and whose fault that is: a registry outage must not mark a commit bad. */
import { KnownError } from '../../core/errors';
import type { CommandExit, TimeLimit } from '../../core/machine-fault';
import { machineFault } from '../../core/machine-fault';
import { isDiskFull } from '../../os/disk-full';

const MACHINE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EIDLETIMEOUT|ERR_SOCKET_TIMEOUT|ENETUNREACH|EHOSTUNREACH|EPIPE|E5\d\d|E401|E403|E429|E407|E408|ENEEDAUTH|ECONNABORTED|EPROTO|ENOMEM|EIO|EROFS|EACCES|EPERM|ETXTBSY|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|ERR_TLS_CERT_ALTNAME_INVALID|ERR_STREAM_PREMATURE_CLOSE|Z_BUF_ERROR)\b/;
/** A response that ends early, a registry's page instead of JSON, and git without access to a package. */
const NOT_SERVED =
  /\bsocket hang up\b|\bunexpected end of file\b|\binvalid json response body\b|Permission denied \(publickey|Host key verification failed|could not read (Username|Password) for|Authentication failed for/;
/** npm's lines around the reason. */
const FRAME = /^(code|errno|syscall|path|signal|command failed|A complete log|Log files|$)/;

/** npm's errors if a registry does not accept the credentials, or if its address is invalid. */
const REFUSED = /\b(E401|E403|E404|ENEEDAUTH|EINVALIDAUTH|ERR_INVALID_URL|Failed to replace env)\b/;

/**
 * The failure of an install: E_INSTALL, E_INSTALL_MACHINE, E_ENV, E_DISK, E_TIMEOUT or E_KILLED.
 * @param unset the variables that .npmrc refers to and that are not set
 */
export function installFailure(
  end: CommandExit,
  limit?: TimeLimit,
  unset: readonly string[] = [],
): KnownError {
  const lines = end.lastLines;
  const reason = npmReason(lines);
  const message = `npm ci failed${reason ? `: ${reason}` : ` with code ${end.exitCode}`}`;
  if (isDiskFull(lines)) return new KnownError('E_DISK', message);
  const fault = machineFault('npm ci', end, limit);
  if (fault !== null && fault.code !== 'E_NETWORK') return fault;
  const [name] = unset;
  if (name !== undefined && lines.some((line) => REFUSED.test(line))) return unsetVariable(name, message);
  if (fault !== null || lines.some((line) => MACHINE.test(line) || NOT_SERVED.test(line)))
    return new KnownError('E_INSTALL_MACHINE', message);
  if (lines.some((line) => /existing package-lock\.json/.test(line))) return noLockfile();
  if (lines.some((line) => /code EUSAGE/.test(line))) return lagsBehind(lines);
  return new KnownError('E_INSTALL', message);
}

/** @param what the packages that npm left out twice without an error */
export function incomplete(what: string): KnownError {
  return new KnownError(
    'E_INSTALL_MACHINE',
    `npm ci reported success twice, but package-lock.json names packages that are not installed: ${what}`,
    "Run npm ci in a fresh clone of this commit; check npm's cache if it fails there too: npm cache verify",
  );
}

/** The command that sets a variable of .npmrc, for a hint. It asks for the value. */
export function howToSet(name: string): string {
  return `./switchyard env set --for install ${name}`;
}

function unsetVariable(name: string, message: string): KnownError {
  return new KnownError(
    'E_ENV',
    `.npmrc refers to ${name}, which is not set for the install: ${message}`,
    `Set it, then deploy again: ${howToSet(name)} && ./switchyard deploy`,
  );
}

/** The lockfiles of other package managers. */
const OTHER_LOCKFILES = {
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'Yarn',
  'bun.lock': 'Bun',
  'bun.lockb': 'Bun',
};

/** @param files the names of the commit's files at its top, where they are known */
export function noLockfile(files: string[] = []): KnownError {
  const other = Object.entries(OTHER_LOCKFILES).find(([file]) => files.includes(file));
  if (other) {
    const message = `This commit has ${other[0]} of ${other[1]} and no package-lock.json, and Switchyard installs with npm.`;
    const hint = 'Commit that file too: npm install --package-lock-only && git add package-lock.json';
    return new KnownError('E_INSTALL', message, hint);
  }
  const hint = 'Run npm install once and commit package-lock.json.';
  return new KnownError('E_INSTALL', 'This commit has no package-lock.json.', hint);
}

function lagsBehind(lines: string[]): KnownError {
  const first = said(lines).find((line) => /^(Missing|Invalid):/.test(line));
  const message = `package-lock.json does not fit package.json${first ? `: ${first}` : ''}`;
  return new KnownError('E_INSTALL', message, 'Run npm install and commit package-lock.json.');
}

function npmReason(lines: string[]): string {
  return (said(lines).find((line) => !FRAME.test(line)) ?? lines.at(-1) ?? '').slice(0, 200);
}

/** npm's error lines without their prefix. */
function said(lines: string[]): string[] {
  const errors = lines.filter((line) => /^npm (error|ERR!)/.test(line));
  return errors.map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim());
}
