/** Runs `docker compose` for a home, with an environment of allow-listed variables only. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { asKnown, KnownError } from '../../core/errors';
import { SLOT_NAMES } from '../../core/pool';
import type { SlotName } from '../../core/slot';
import { cleanEnvironment } from '../../os/environment-allowlist';
import type { Home } from '../../home/home';
import { writeAtomically } from '../../os/atomic-write';
import { releaseReserve } from '../../home/disk-reserve';
import { fileOf } from './definitions';

export interface ComposeOptions {
  home: Home;
  /** The clone. Its docker-compose files apply rather than the commit's, because the kit decides how a slot runs. */
  root: string;
  /** The name prefix of containers and images. */
  name: string;
}

const [FIRST_SLOT] = SLOT_NAMES;
const COMPOSE_MAY_TAKE_MS = 60_000;

/**
 * Runs `docker compose …` for a slot. Throws E_RUNTIME with Docker's own error, E_NAME_TAKEN, E_ENGINE.
 * @param variables extra environment variables that the override file refers to
 */
export function compose(
  options: ComposeOptions,
  slot: SlotName,
  override: string,
  args: string[],
  variables: Record<string, string> = {},
): Promise<void> {
  const [program = '', ...rest] = composeArgv(options, slot, override, args);
  const env = { ...composeEnvironment(options.name), ...variables };
  const how = { cwd: options.home.dir, env, timeout: COMPOSE_MAY_TAKE_MS };
  return new Promise((resolve, reject) => {
    execFile(program, rest, how, (error, _stdout, stderr) => {
      if (error) reject(failure(stderr || error.message));
      else resolve();
    });
  });
}

/**
 * The argument list of a `docker compose` command.
 * @param override the file that overrides the slot's own definition
 */
export function composeArgv(
  { home, root, name }: ComposeOptions,
  slot: SlotName,
  override: string,
  args: string[],
): string[] {
  const files = ['-f', slotFile(root, slot), '-f', override];
  return ['docker', 'compose', '-p', projectOf(home, name), ...files, ...args];
}

/** The slot's own definition file or, in a larger pool without one, the first slot's. */
export function slotFile(root: string, slot: SlotName): string {
  const own = path.join(root, fileOf(slot));
  return existsSync(own) ? own : path.join(root, fileOf(FIRST_SLOT));
}

/**
 * The environment for Docker and a build: only those of the caller's variables that they need. The build mounts .npmrc
 * and the CA file; the image never contains them.
 */
export function composeEnvironment(name: string): Record<string, string> {
  const { NODE_EXTRA_CA_CERTS } = process.env;
  const npmrc = path.join(homedir(), '.npmrc');
  return {
    ...cleanEnvironment(process.env),
    ...(NODE_EXTRA_CA_CERTS && existsSync(NODE_EXTRA_CA_CERTS)
      ? { NODE_EXTRA_CA_CERTS }
      : { NODE_EXTRA_CA_CERTS: '' }),
    NPMRC: existsSync(npmrc) ? npmrc : '',
    APP_NAME: name,
    DOCKER_BUILDKIT: '1',
    // the other slot's container belongs to the same project but is defined in another file
    COMPOSE_IGNORE_ORPHANS: 'true',
  };
}

/** Writes an override file and returns its path. */
export function writeOverride(home: Home, name: string, override: object): string {
  mkdirSync(home.compose, { recursive: true, mode: 0o700 });
  const file = path.join(home.compose, `${name}.json`);
  const text = `${JSON.stringify(override, null, 2)}\n`;
  try {
    writeAtomically(file, text);
  } catch (error) {
    if (asKnown(error).code !== 'E_DISK') throw error;
    // restarting a slot is a purpose of the disk reserve
    releaseReserve(home);
    writeAtomically(file, text);
  }
  return file;
}

/** The project name. The hash keeps two homes apart even if their apps have the same name. */
function projectOf({ dir }: Pick<Home, 'dir'>, name: string): string {
  return `${name}-${createHash('sha256').update(dir).digest('hex').slice(0, 6)}`;
}

function failure(said: string): KnownError {
  const lines = said.split('\n').map((line) => line.trim());
  const word =
    lines.findLast((line) => /error|invalid|cannot|failed|not found/i.test(line)) ?? lines.findLast(Boolean);
  const message = `docker compose failed: ${word ?? 'it gave no reason'}`;
  if (/container name .* is already in use/.test(said)) return new KnownError('E_NAME_TAKEN', message);
  if (/Cannot connect to the Docker daemon/.test(said)) return new KnownError('E_ENGINE', message);
  return new KnownError('E_RUNTIME', message, 'See what Docker has: docker ps -a');
}
