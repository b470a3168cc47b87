/** `docker compose` for a home: which files, which project, and an environment of listed variables only. */
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
import { useReserve } from '../../home/disk-reserve';
import { fileOf } from './definitions';

export interface ComposeOptions {
  home: Home;
  /** The clone, whose docker-compose files count: how a slot runs is the kit's matter, not the commit's. */
  root: string;
  /** What containers and images are called. */
  name: string;
}

const [FIRST_SLOT] = SLOT_NAMES;
const COMPOSE_MAY_TAKE_MS = 60_000;

/**
 * Runs `docker compose …` for a slot. Throws E_RUNTIME with Docker's own word, E_NAME_TAKEN.
 * @param variables what the override borrows from Compose's own environment
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

/** The argument list of a `docker compose` command. @param override the file that goes over the slot's own */
export function composeArgv(
  { home, root, name }: ComposeOptions,
  slot: SlotName,
  override: string,
  args: string[],
): string[] {
  const files = ['-f', slotFile(root, slot), '-f', override];
  return ['docker', 'compose', '-p', projectOf(home, name), ...files, ...args];
}

/** The definition of a slot: a file of its own, or, in a larger pool, that of the first slot. */
export function slotFile(root: string, slot: SlotName): string {
  const own = path.join(root, fileOf(slot));
  return existsSync(own) ? own : path.join(root, fileOf(FIRST_SLOT));
}

/** Nothing of the caller's but what Docker and a build need; the files are lent to the build, never copied. */
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
    // the other slot is in the same project and in another file
    COMPOSE_IGNORE_ORPHANS: 'true',
  };
}

/** Writes an override file. Returns its path. */
export function writeOverride(home: Home, name: string, override: object): string {
  mkdirSync(home.compose, { recursive: true, mode: 0o700 });
  const file = path.join(home.compose, `${name}.json`);
  const text = `${JSON.stringify(override, null, 2)}\n`;
  try {
    writeAtomically(file, text);
  } catch (error) {
    if (asKnown(error).code !== 'E_DISK') throw error;
    // a slot that has to start again is what the reserve is for
    useReserve(home);
    writeAtomically(file, text);
  }
  return file;
}

/** Two homes never share a project, whatever their apps are called. */
function projectOf({ dir }: Pick<Home, 'dir'>, name: string): string {
  return `${name}-${createHash('sha256').update(dir).digest('hex').slice(0, 6)}`;
}

function failure(said: string): KnownError {
  const lines = said.split('\n').map((line) => line.trim());
  const word =
    lines.findLast((line) => /error|invalid|cannot|failed|not found/i.test(line)) ?? lines.findLast(Boolean);
  const message = `docker compose failed: ${word ?? 'without a word'}`;
  if (/container name .* is already in use/.test(said)) return new KnownError('E_NAME_TAKEN', message);
  if (/Cannot connect to the Docker daemon/.test(said)) return new KnownError('E_ENGINE', message);
  return new KnownError('E_RUNTIME', message, 'See what Docker has: docker ps -a');
}
