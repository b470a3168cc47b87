/** Shared by the tests with containers: a home and a name of their own, and images of the tiny app. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Config } from '../../deploy/config/load';
import { loadConfig } from '../../deploy/config/load';
import type { Packing, Runtime } from '../../deploy/core/interfaces';
import type { Release } from '../../deploy/core/release';
import type { Slot } from '../../deploy/core/slot';
import type { Home } from '../../deploy/home/home';
import { homeAt } from '../../deploy/home/home';
import { createPacking } from '../../deploy/release/artifact';
import { createRuntime } from '../../deploy/runtimes';
import { BASE_IMAGE, ownName, removeAllOf } from './docker';
import { freePorts } from './ports';

const REPOSITORY = path.resolve(__dirname, '..', '..');
const DOCKERFILE = `FROM ${BASE_IMAGE}\nWORKDIR /app\nCOPY . .\nUSER node\n`;

export interface ComposeFixture {
  dir: string;
  home: Home;
  config: Config;
  runtime: Runtime;
  packing: Packing;
  /** The same with another limit for commands in containers, in seconds. */
  withMigrateLimit(migrate: number): Packing;
  blue: Slot;
  green: Slot;
  /** Packs the tiny app as a commit. @param files additional files or faults: see tiny-app/server.js */
  release(digits: string, files?: Record<string, string>): Promise<Release>;
  clear(): Promise<void>;
}

/** @param name the home's APP_NAME; unique by default @param wanted overrides of the defaults */
export async function composeFixture(
  name = ownName(),
  wanted: Partial<Config> = {},
): Promise<ComposeFixture> {
  const [blue = 0, green = 0] = await freePorts(2);
  const dir = mkdtempSync(path.join(tmpdir(), 'switchyard compose-'));
  const home = homeAt(path.join(dir, 'home'));
  for (const folder of [home.logs, home.shared]) mkdirSync(folder, { recursive: true });
  const file = loadConfig(dir, { RUNTIME: 'compose', APP_NAME: name });
  const config = { ...file, limits: { ...file.limits, stop: 1 }, ...wanted };
  const packing = createPacking({ home, root: REPOSITORY, config });
  return {
    dir,
    home,
    config,
    runtime: createRuntime({ home, root: REPOSITORY, config }),
    packing,
    withMigrateLimit: (migrate) =>
      createPacking({ home, root: REPOSITORY, config: { ...config, limits: { ...config.limits, migrate } } }),
    blue: { name: 'blue', port: blue },
    green: { name: 'green', port: green },
    async release(digits, files = {}) {
      const made = releaseIn(path.join(dir, `release ${digits}`), digits, files);
      await packing.pack(made, 1, 0);
      return made;
    },
    async clear() {
      await removeAllOf(home);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A checked-out commit of the tiny app. */
export function releaseIn(dir: string, digits: string, files: Record<string, string>): Release {
  cpSync(path.join(__dirname, 'tiny-app'), dir, { recursive: true });
  for (const [file, text] of Object.entries({ Dockerfile: DOCKERFILE, ...files })) {
    writeFileSync(path.join(dir, file), text);
  }
  const app = { start: 'server.js', test: null, build: null, migrate: null, health: '/health', smoke: [] };
  return { commit: digits.padEnd(40, '0'), version: '1.0.0', subject: 'tiny', dir, app };
}

/** Runs Docker's own command line, as an operator would. */
export function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}
