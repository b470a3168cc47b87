/** Reads and validates the environment once at start. Nothing else in the app uses process.env. */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { StartupError } from './errors';
import { wholeNumber } from './whole-number';

export interface Config {
  port: number;
  host: string;
  databaseFile: string;
  /** Milliseconds for requests in flight to finish after SIGTERM. */
  stopTimeoutMs: number;
  commit: string;
  instance: string;
  slot: string;
  /** True if Switchyard started this process, false for `npm run dev`. */
  managed: boolean;
}

const Environment = z.object({
  PORT: wholeNumber(0, 65_535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  STOP_TIMEOUT_MS: wholeNumber(0, 600_000).default(10_000),
  SWITCHYARD_DATA: z.string().optional(),
  SWITCHYARD_COMMIT: z.string().default('dev'),
  SWITCHYARD_INSTANCE: z.string().optional(),
  SWITCHYARD_SLOT: z.string().default('local'),
});

/** @throws {StartupError} with the name of the invalid variable. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = Environment.safeParse(withoutEmpty(environment));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StartupError(`${issue?.path.join('.')} ${issue?.message}.`);
  }
  const env = parsed.data;
  const managed = env.SWITCHYARD_INSTANCE !== undefined;
  // A temporary folder is fine for development. On a server it would lose data, so Switchyard must set another one.
  if (managed && !env.SWITCHYARD_DATA) {
    throw new StartupError('SWITCHYARD_DATA is not set: it names the folder that holds the shared database.');
  }
  return {
    port: env.PORT,
    host: env.HOST,
    databaseFile: path.resolve(env.SWITCHYARD_DATA ?? developmentFolder(), 'app.db'),
    stopTimeoutMs: env.STOP_TIMEOUT_MS,
    commit: env.SWITCHYARD_COMMIT,
    instance: env.SWITCHYARD_INSTANCE ?? 'local',
    slot: env.SWITCHYARD_SLOT,
    managed,
  };
}

/** `PORT= npm run dev` means "unset", as in a shell. Otherwise it would mean port 0. */
function withoutEmpty(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
}

/** One folder per user, because users of a shared machine cannot write to each other's folders. */
function developmentFolder(): string {
  return path.join(tmpdir(), `switchyard-dev-${process.getuid?.() ?? ''}`);
}
