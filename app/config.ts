/** The environment, read once at start and checked, so that nothing else in the app touches process.env. */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { StartupError } from './errors';
import { wholeNumber } from './whole-number';

export interface Config {
  port: number;
  host: string;
  databaseFile: string;
  /** Milliseconds that requests in flight get to finish after SIGTERM. */
  stopTimeoutMs: number;
  commit: string;
  instance: string;
  slot: string;
  /** True when Switchyard started this process, and not a person with `npm run dev`. */
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

/** @throws {StartupError} naming the variable that cannot be used. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = Environment.safeParse(withoutEmpty(environment));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StartupError(`${issue?.path.join('.')} ${issue?.message}.`);
  }
  const env = parsed.data;
  const managed = env.SWITCHYARD_INSTANCE !== undefined;
  // A temporary folder is fine on a desk. On a server it would take writes and forget them, so there it is refused.
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

/** `PORT= npm run dev` means "unset", as in a shell; without this it would mean port 0. */
function withoutEmpty(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
}

/** One per user: on a shared machine the first one's folder is not writable for the second. */
function developmentFolder(): string {
  return path.join(tmpdir(), `switchyard-dev-${process.getuid?.() ?? ''}`);
}
