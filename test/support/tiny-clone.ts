/**
 * A live clone whose commits contain only one small app, so a push takes a second and a test can request any fault.
 */
import { cpSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { UserConfig } from '../../deploy/config/load';
import type { Settings } from '../../deploy/config/settings';
import { loadConfig } from '../../deploy/config/load';
import type { Deployment } from '../../deploy/core/deployment';
import type { Commit } from '../../deploy/core/release';
import type { RunningSlot } from '../../deploy/core/slot';
import type { Table } from '../../deploy/core/traffic-table';
import { createRuntime } from '../../deploy/runtimes';
import { linkedTable } from '../../deploy/traffic/table-folder';
import { BASE_IMAGE, inEngine, ownName, hostPid } from './docker';
import { verdictOf } from './expect-live';
import { filesAtRest } from './files-at-rest';
import { liveClone, type CloneOptions, type LiveClone, type CommandResult } from './live-clone';

export interface State {
  /** The process in the active slot. */
  serving: { commit: Commit; instance: string; pid: number };
  table: Table;
  slots: Pick<RunningSlot, 'slot' | 'commit' | 'status' | 'restarts' | 'orphan'>[];
  /** File names in the home, its releases and its package stores. */
  files: string[];
  /** Names of this home's images and containers, including those of single commands. */
  images: string[];
  containers: string[];
}

/** Faults of test/support/faulty-app/server.js. */
export interface Behaviour {
  exits?: boolean;
  /** By SIGKILL, at each start. */
  killsItself?: boolean;
  silent?: boolean;
  /** Starts to listen only then. */
  listensAfterMs?: number;
  /** Its health path accepts every request and answers none. */
  hangs?: boolean;
  /** A path whose second request gets no answer. */
  silentOnceAt?: string;
  /** A path that sends 103 Early Hints. */
  earlyHintsAt?: string;
  /** Closes a connection so long after a request. */
  idleMs?: number;
  /** The status of its health path. */
  health?: number;
  commit?: string;
  instance?: string;
  /** The status of its health path through nginx, if it differs. */
  healthThroughNginx?: number;
  lateThroughNginxMs?: number;
  /** The status of /work, which no probe requests, and how long it takes. */
  work?: number;
  workMs?: number;
  /** Every so many requests to /work, it answers 500. */
  workFailsEvery?: number;
  /** The status of /goal, and the value of its X-Switchyard-Goal header. */
  goal?: number;
  says?: string;
}

/** A fault that a running release develops on request; with a slot's name only the process in that slot does. */
export type Order =
  | 'exit'
  | `exit in ${string}`
  | 'unhealthy'
  | 'down'
  | 'busy'
  | 'stuck'
  | 'leak'
  | `mistaken in ${string}`
  | 'fail-work';

export interface Change {
  behaviour?: Behaviour;
  /** Keys of deploy.config.js. */
  config?: UserConfig;
  /** Keys of package.json. */
  manifest?: object;
  /** Other files of the commit; null removes one. */
  files?: Record<string, string | null>;
}

/** Makes verify take half a minute, so a test can act in the middle of it. One late answer fails it early. */
export const LONG_VERIFY: Change = { config: { app: { smoke: Array<string>(60).fill('/late') } } };

export interface Pushed extends CommandResult {
  /** The last line in the push's terminal. */
  verdict: string;
  commit: Commit;
  /** The deployment of the commit, or the newest one when the push created none. */
  deployment: Deployment;
}

export interface TinyClone extends LiveClone {
  /** Writes the tree for this change; earlier changes are dropped. */
  change(change: Change): void;
  /** Changes, commits and pushes. */
  release(change?: Change): Promise<Pushed>;
  table(): Table;
  /** The running slots, sorted by name. */
  slots(): Promise<RunningSlot[]>;
  slot(name: string): Promise<RunningSlot>;
  /** The commit, instance and host pid that answer users now, even for a process in a container. */
  serving(): Promise<State['serving']>;
  /** Everything that a failed deployment must leave unchanged. */
  state(): Promise<State>;
  /** Gives a running release an order, or withdraws it with null. */
  order(commit: Commit, what: Order | null): void;
  /** How many health requests a busy release has left unanswered. */
  unanswered(commit: Commit): number;
}

const APP = path.join(__dirname, 'faulty-app');
/** Keeps everything but the app out of the commits; the kit needs it on the disk. */
const IGNORED =
  '/*\n!/.gitignore\n!/.npmrc\n!/app\n!/package.json\n!/npm-shrinkwrap.json\n!/Dockerfile\n!/deploy.config.js\n!/more\n';

/** Without packages and build, an image takes half a second. The real Dockerfile has its own tests. */
const DOCKERFILE = `FROM ${BASE_IMAGE}
WORKDIR /app
COPY . .
RUN if grep -q dependencies package.json; then npm ci --no-audit --no-fund; fi
ARG BUILD=true
ARG SWITCHYARD_COMMIT BUILD_VARIABLES
RUN --mount=type=secret,id=build-variables \\
  if [ -s /run/secrets/build-variables ]; then . /run/secrets/build-variables; fi; sh -c "$BUILD"
ARG START
RUN [ -f "$START" ] || { echo "This commit has no $START, which app.start names."; exit 1; }
USER node
`;

/**
 * @param wanted deploy.config.js of every commit, unless a change overrides it
 * @param env for every process
 * @param where a test's own disk or user, if it needs one
 */
export async function tinyClone(
  wanted: UserConfig = {},
  env: Record<string, string> = {},
  where: Pick<CloneOptions, 'parent' | 'user'> = {},
): Promise<TinyClone> {
  const kit: UserConfig = wanted.runtime === 'compose' ? { name: ownName(), ...wanted } : wanted;
  let write = (_change: Change): void => {};
  const clone = await liveClone({
    // unset, so that each commit's deploy.config.js decides
    env: { BAKE_SECONDS: '', ...runtimeOf(kit), ...env },
    linkedPackages: true,
    ...where,
    change: (dir) => {
      write = (change) => writeTree(dir, kit, change);
      writeFileSync(path.join(dir, '.gitignore'), IGNORED);
      write({});
    },
  });
  const config = loadConfig(clone.dir, runtimeOf(kit));
  const runtime = createRuntime({ home: clone.home, root: clone.dir, config });
  const slots = async (): Promise<RunningSlot[]> =>
    (await runtime.list()).sort((a, b) => a.slot.localeCompare(b.slot));

  const serving = async (): Promise<State['serving']> => {
    const { status, text } = await clone.get('/version');
    if (status !== 200) throw new Error(`/version answered ${status}: ${text}`);
    const { commit, instance, pid } = JSON.parse(text) as State['serving'];
    return { commit, instance, pid: kit.runtime === 'compose' ? hostPid(instance, pid) : pid };
  };

  return {
    ...clone,
    change: (change) => write(change),
    async release(change = {}) {
      write(change);
      const commit = await clone.commit('a change');
      const result = await clone.git('push', 'live', 'main');
      return {
        ...result,
        commit,
        verdict: verdictOf(result.text),
        deployment: deploymentOf(clone.deployments(), commit),
      };
    },
    table: () => linkedTable(clone.home),
    slots,
    async slot(name) {
      const found = (await slots()).find(({ slot }) => slot === name);
      if (!found) throw new Error(`no process is running in ${name}`);
      return found;
    },
    serving,
    state: async () => ({
      serving: await serving(),
      table: linkedTable(clone.home),
      slots: (await slots()).map(({ slot, commit, status, restarts, orphan }) => ({
        slot,
        commit,
        status,
        restarts,
        orphan,
      })),
      files: await filesAtRest(clone.home, config, runtime),
      ...(kit.runtime === 'compose' ? await inEngine(clone.home) : { images: [], containers: [] }),
    }),
    order(commit, what) {
      const file = path.join(clone.home.shared, `order-${commit}`);
      if (what === null) rmSync(file, { force: true });
      else writeFileSync(file, what);
    },
    unanswered(commit) {
      const file = path.join(clone.home.shared, `order-${commit}.unanswered`);
      return existsSync(file) ? statSync(file).size : 0;
    },
  };
}

function deploymentOf(all: Deployment[], commit: Commit): Deployment {
  return (all.find((each) => each.commit === commit) ?? all.at(-1)) as Deployment;
}

function runtimeOf({ runtime, name }: UserConfig): Settings {
  return { ...(runtime && { RUNTIME: runtime }), ...(name && { APP_NAME: name }) };
}

function writeTree(
  dir: string,
  kit: UserConfig,
  { behaviour = {}, config = {}, manifest = {}, files = {} }: Change,
): void {
  for (const folder of ['app', 'more']) rmSync(path.join(dir, folder), { recursive: true, force: true });
  rmSync(path.join(dir, 'npm-shrinkwrap.json'), { force: true });
  cpSync(APP, path.join(dir, 'app'), { recursive: true });
  const app = { start: 'app/server.js', test: null, build: null, ...kit.app, ...config.app };
  const written: Record<string, string | null> = {
    'app/behaviour.json': JSON.stringify(behaviour),
    Dockerfile: kit.runtime === 'compose' ? DOCKERFILE : null,
    'deploy.config.js': `module.exports = ${JSON.stringify({ ...kit, ...config, app }, null, 2)};\n`,
    'package.json': JSON.stringify({ name: 'tiny', version: '1.0.0', private: true, ...manifest }, null, 2),
    ...files,
  };
  for (const [file, text] of Object.entries(written)) {
    const at = path.join(dir, file);
    if (text === null) rmSync(at, { force: true });
    else {
      mkdirSync(path.dirname(at), { recursive: true });
      writeFileSync(at, text);
    }
  }
}
