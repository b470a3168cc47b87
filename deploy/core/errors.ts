/**
 * Every failure that an operator can see: a stable code, a one-sentence message and one action to take. A test checks
 * docs/errors.md against this table.
 */
import type { DiskReason } from './disk-reason';
import { diskReason } from './disk-reason';
import { printable } from './format';
import type { Fault } from './deployment';

export const ERRORS = {
  E_CONFIG: {
    fault: 'commit',
    hint: "Fix that file. Switchyard's own deploy.config.js explains every key and its default.",
  },
  E_USAGE: { fault: 'operator', hint: 'Run the command with --help.' },
  E_NODE_TOO_OLD: { fault: 'machine', hint: 'Install Node 20 or newer.' },
  E_NOT_LINUX: {
    fault: 'machine',
    hint: 'Run it on Linux: a server, a virtual machine, or WSL 2 on Windows.',
  },
  E_NO_GIT: { fault: 'machine', hint: 'Install the package git.' },
  E_NO_NPM: { fault: 'machine', hint: 'Install npm; it comes with Node.' },
  E_PACKAGES: { fault: 'machine', hint: 'Run npm ci in this clone and read its output.' },
  E_COMPILE: { fault: 'operator', hint: 'Fix the files that it names, then try again.' },
  E_NOT_A_REPOSITORY: {
    fault: 'operator',
    hint: 'Get it with git clone; in a folder from a ZIP: git init && git add -A && git commit -m start',
  },
  E_SHA256: {
    fault: 'operator',
    hint: 'Copy it: git init ../sha1 && git fast-export --all >../all && git -C ../sha1 fast-import <../all',
  },
  E_NO_COMMIT: { fault: 'operator', hint: 'Make one: git add -A && git commit -m start' },
  E_NO_NGINX: {
    fault: 'machine',
    hint: 'Install it: sudo apt-get install -y --no-install-recommends nginx',
  },
  E_NGINX_TOO_OLD: { fault: 'machine', hint: 'Install nginx 1.18 or newer.' },
  E_NGINX: { fault: 'machine', hint: 'Read the nginx error log in the home: logs/nginx-error.log' },
  E_UNREADABLE_TABLE: {
    fault: 'machine',
    hint: 'Set SWITCHYARD_HOME to a folder every user may enter, for example under /var/lib.',
  },
  E_HOME: {
    fault: 'machine',
    hint: 'Set SWITCHYARD_HOME to a short path that you can write to, outside the clone.',
  },
  E_PORT_IN_USE: { fault: 'machine', hint: 'Free the port, or choose others.' },
  E_NOT_STARTED: { fault: 'operator', hint: 'Start it: npm start' },
  E_NOT_LIVE: { fault: 'operator', hint: 'Start it: npm start' },
  E_JOURNAL: {
    fault: 'machine',
    hint: 'Rebuild the journal; the active release stays live: npm start',
  },
  E_TOO_LATE: { fault: 'operator', hint: 'Check what was carried out, then try again: ./switchyard history' },
  E_MOVED: { fault: 'operator', hint: "Run npm start in the clone's new location." },
  E_DEPLOYER_DOWN: { fault: 'machine', hint: 'Start it again: npm start' },
  E_SECRET: { fault: 'operator', hint: 'Set WEBHOOK_SECRET to a random value: openssl rand -hex 32' },
  E_SIGNATURE: {
    fault: 'operator',
    hint: 'Use the same secret on both sides: the file "secret" in the home, and the webhook.',
  },
  E_BAD_PAYLOAD: {
    fault: 'operator',
    hint: 'Send the push event as application/json or application/x-www-form-urlencoded.',
  },
  E_WEBHOOK: { fault: 'operator', hint: "Choose just the push event in the webhook's settings." },
  E_SOURCE: {
    fault: 'machine',
    hint: 'Check "source" in the configuration and that this machine may read it.',
  },
  E_REF: { fault: 'operator', hint: 'Name a commit or branch that exists: git log --oneline' },
  E_LACKS_LIVE: {
    fault: 'operator',
    hint: 'Merge what is live: git pull --no-rebase live refs/switchyard/live. Or replace it: git push -o force live main',
  },
  E_STRATEGY: { fault: 'operator', hint: 'Choose another one: ./switchyard deploy --strategy blue-green' },
  E_SLOT_ACTIVE: { fault: 'operator', hint: 'Deploy to the idle slot: ./switchyard deploy' },
  E_NOTHING_TO_ROLL_BACK_TO: { fault: 'operator', hint: 'Deploy a commit: ./switchyard deploy <commit>' },
  E_BAD_COMMIT: { fault: 'commit', hint: 'Push a commit that fixes it, or deploy it by hand to try again.' },
  E_CHECKOUT: { fault: 'commit', hint: 'Give that file another name, then commit and push it.' },
  E_INSTALL: { fault: 'commit', hint: 'Run npm ci in a fresh clone of this commit.' },
  E_INSTALL_MACHINE: {
    fault: 'machine',
    hint: 'The registry or the disk failed; when it is back: ./switchyard deploy',
  },
  E_TEST: { fault: 'commit', hint: 'Run npm run test:app and push a commit that passes.' },
  E_BUILD: { fault: 'commit', hint: 'Run npm run build:app and push a commit that builds.' },
  E_MIGRATE: {
    fault: 'commit',
    hint: 'Fix the migration. It must work with the version that is still live.',
  },
  E_DATA_COPY: { fault: 'machine', hint: 'Check the SQLite files in the home: ls -l shared/' },
  E_TIMEOUT: {
    fault: 'machine',
    hint: 'Make it faster or raise its limit in the configuration, then: ./switchyard deploy',
  },
  E_KILLED: {
    fault: 'machine',
    hint: 'See whether the kernel killed it: sudo dmesg. Then: ./switchyard deploy',
  },
  E_NETWORK: { fault: 'machine', hint: "Check this machine's network and DNS, then: ./switchyard deploy" },
  E_DISK: { fault: 'machine', hint: 'Free disk space, then: ./switchyard deploy' },
  E_READ_ONLY: {
    fault: 'machine',
    hint: 'See why the kernel made it read-only: sudo dmesg. Then remount it for writing.',
  },
  E_DISK_FAILS: { fault: 'machine', hint: 'See what the kernel reports: sudo dmesg. Then replace the disk.' },
  E_EXITED: { fault: 'commit', hint: 'Read its output: ./switchyard logs' },
  E_UNHEALTHY: { fault: 'commit', hint: 'Read its output: ./switchyard logs' },
  E_WRONG_PROCESS: {
    fault: 'commit',
    hint: 'Return SWITCHYARD_COMMIT and SWITCHYARD_INSTANCE from the health path.',
  },
  E_STRANGER_ON_PORT: {
    fault: 'machine',
    hint: "Stop the process that holds the slot's port, then: ./switchyard deploy",
  },
  E_SMOKE: { fault: 'commit', hint: 'Fix the path, or change app.smoke in the configuration.' },
  E_NOT_SERVED: { fault: 'machine', hint: 'Read the nginx error log in the home: logs/nginx-error.log' },
  E_CRASHES: { fault: 'commit', hint: 'Read its output: ./switchyard logs' },
  E_CANARY: { fault: 'commit', hint: 'Read its output: ./switchyard logs' },
  E_NO_CANARY: { fault: 'operator', hint: 'Start one: ./switchyard deploy --strategy canary' },
  E_BAKE: { fault: 'commit', hint: 'Read its output: ./switchyard logs' },
  E_NO_DOCKER: {
    fault: 'machine',
    hint: 'Install Docker and Compose 2: https://docs.docker.com/engine/install/ or npm start without RUNTIME',
  },
  E_NO_COMPOSE: {
    fault: 'machine',
    hint: 'On Ubuntu: sudo apt-get install -y docker-compose-v2. On Debian 12: https://docs.docker.com/engine/install/debian/',
  },
  E_ENGINE: { fault: 'machine', hint: 'Start Docker: sudo systemctl start docker' },
  E_NAME_TAKEN: { fault: 'operator', hint: 'Give this copy its own name: APP_NAME=other npm start' },
  E_IMAGE: { fault: 'commit', hint: 'Build it by hand: docker build .' },
  E_NO_ROOM: { fault: 'machine', hint: 'Free memory or disk space, then: ./switchyard deploy' },
  E_HOOK: { fault: 'operator', hint: 'Fix the command in "hooks" of the configuration.' },
  E_ENV: { fault: 'operator', hint: 'Names are letters, digits and _: ./switchyard env set NAME=value' },
  E_NOTIFY: {
    fault: 'operator',
    hint: 'Name an address: NOTIFY_URL=https://… npm start, or "notify" in the configuration.',
  },
  E_NOT_HOLDING: { fault: 'operator', hint: 'Start one: ./switchyard deploy --hold' },
  E_NOTHING_TO_ABORT: { fault: 'operator', hint: 'See what runs: ./switchyard status' },
  E_RUNTIME: { fault: 'machine', hint: "Read the process manager's log: npm run pm2 -- logs" },
  E_INTERRUPTED: { fault: 'machine', hint: 'Deploy it again: ./switchyard deploy' },
  E_PREVIEW: { fault: 'operator', hint: 'Get a new link on the server: ./switchyard status' },
  E_ABORTED: { fault: 'operator', hint: 'To deploy it anyway: ./switchyard deploy' },
  E_STOPPED: { fault: 'operator', hint: 'When you are ready: npm start && ./switchyard deploy' },
  E_INTERNAL: {
    fault: 'machine',
    hint: "This is a bug in Switchyard; the deployment's log has the details.",
  },
} as const satisfies Record<string, { fault: Fault; hint: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** An expected failure: prints as one sentence with its code and hint, never with a stack. */
export class KnownError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly fault: Fault;

  /**
   * @param message one sentence
   * @param hint replaces the table's hint if a better one is known
   * @param limit the key of the configuration whose value led to it: `limits.start`
   */
  constructor(
    code: ErrorCode,
    message: string,
    hint?: string,
    readonly limit?: string,
  ) {
    super(printable(message));
    this.name = 'KnownError';
    this.code = code;
    this.hint = hint ?? ERRORS[code].hint;
    this.fault = ERRORS[code].fault;
  }
}

/** SQLite's own messages; any statement can fail with one of these when the database is damaged. */
const UNREADABLE_DATABASE =
  /^(file is not a database|database disk image is malformed|no such (table|column): )/;

const DISK_CODES = {
  EROFS: 'E_READ_ONLY',
  ENOSPC: 'E_DISK',
  EDQUOT: 'E_DISK',
  EIO: 'E_DISK_FAILS',
} as const satisfies Record<DiskReason, ErrorCode>;

/** The code for a disk failure, or null. @param text the output of a program */
export function diskCode(text: string): ErrorCode | null {
  const reason = diskReason({ message: text });
  return reason === null ? null : DISK_CODES[reason];
}

/** Turns an unknown failure into E_INTERNAL, so that every error has a code. */
export function asKnown(error: unknown): KnownError {
  if (error instanceof KnownError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const [firstLine = ''] = message.trim().split('\n');
  if (UNREADABLE_DATABASE.test(firstLine)) {
    return new KnownError('E_JOURNAL', `The journal cannot be read: ${firstLine}.`);
  }
  // an AggregateError, such as one for a refused connection, may have an empty message
  const name = error instanceof Error ? error.name : 'unknown error';
  const reason = diskReason(error);
  if (reason !== null) return new KnownError(DISK_CODES[reason], firstLine);
  const closed = closedPath(error);
  if (closed !== null)
    return new KnownError('E_HOME', `This user may not use ${closed}.`, 'Find out why: ./switchyard doctor');
  return new KnownError('E_INTERNAL', firstLine === '' ? name : firstLine);
}

/** The path to which the kernel denied this user access, or null. */
function closedPath(error: unknown): string | null {
  const { code, path } = (error ?? {}) as { code?: unknown; path?: unknown };
  const isRefused = code === 'EACCES' || code === 'EPERM';
  return isRefused && typeof path === 'string' && path.startsWith('/') ? path : null;
}
