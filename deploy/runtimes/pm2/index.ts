/**
 * The PM2 runtime: each slot is a separate PM2 app, which each start deletes and recreates. Processes that PM2 lost
 * because its daemon was killed are found and stopped through /proc.
 *
 * start and stop are called under the deployment lock. list and logs launch nothing and may be called by any process at
 * any time.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { shellFile } from '../../config/app-environment';
import { EMPTY_ENVIRONMENT } from '../../core/environment';
import { KnownError } from '../../core/errors';
import type { Runtime } from '../../core/interfaces';
import type { Release } from '../../core/release';
import type { ProcessStatus, RunningSlot, SlotName, WithEnvironment } from '../../core/slot';
import type { Home } from '../../home/home';
import { followFile } from '../../os/follow-file';
import { linesFrom } from '../../os/tail';
import type { OsProcess } from '../../os/process-table';
import { stopProcesses, isAlive, processesWith, withoutChildren } from '../../os/process-table';
import { deleteApp, processState, startApp } from './app';
import { slotAppName, slotDefinition, slotOfApp } from './definitions';
import type { Pm2Process } from './rpc';
import { pm2Processes } from './rpc';
import { markStart, slotLog } from '../slot-log';

export interface Pm2RuntimeOptions {
  home: Home;
  /** Seconds from SIGTERM to SIGKILL. */
  stopSeconds: number;
}

/** Creates the runtime of a home. It holds no connection, so nothing needs closing. */
export function createPm2Runtime({ home, stopSeconds }: Pm2RuntimeOptions): Runtime {
  const stop = async (slot: SlotName): Promise<void> => {
    await deleteApp(home, slotAppName(slot), stopSeconds);
    await stopProcesses(processesOf(home, slot), stopSeconds);
  };

  return {
    async start(slot, release, instance, environment = EMPTY_ENVIRONMENT) {
      checkStartFile(release);
      await stop(slot.name);
      const definition = slotDefinition({
        home,
        slot,
        release,
        instance,
        environment,
        variables: shellFile(home, environment),
        stopSeconds,
        env: process.env,
      });
      markStart(home, slot, release);
      const pid = await startApp(home, definition);
      const { commit } = release;
      const started = { slot: slot.name, commit, instance, environment, pid, restarts: 0 };
      return { ...started, status: 'starting', exitCode: null };
    },
    stop,
    async list(only) {
      const found = only === undefined ? [] : await managedIn(home, only);
      if (found.length > 0) return found;
      // /proc is read before PM2 is queried, so that a process started in between does not count as an orphan
      const seen = withoutChildren(processesWith('SWITCHYARD_DATA', home.shared));
      const managed = (await pm2Processes(home)).flatMap(asSlot);
      return [...managed, ...orphans(seen.filter(isAlive), managed)];
    },
    logs: (slot, lines, since) => linesFrom(slotLog(home, slot), lines, since),
    follow: (slot, lines, signal, since) => followFile(slotLog(home, slot), lines, signal, since),
    exitReason: () => Promise.resolve(null),
  };
}

/** Checks that the start file exists, because PM2 would restart a process without it forever. Throws E_CONFIG. */
function checkStartFile(release: Release): void {
  if (existsSync(path.join(release.dir, release.app.start))) return;
  const where = `${release.app.start} is not in the release of ${release.commit.slice(0, 7)}`;
  throw new KnownError(
    'E_CONFIG',
    `"app.start": ${where}.`,
    'Name the file that the build makes, or fix the build.',
  );
}

/** PM2's process in a slot. Skips the scan of all processes, which is too expensive for frequent callers. */
async function managedIn(home: Home, slot: SlotName): Promise<RunningSlot[]> {
  return (await pm2Processes(home)).flatMap(asSlot).filter((running) => running.slot === slot);
}

function asSlot(app: Pm2Process): RunningSlot[] {
  const slot = slotOfApp(app.name);
  if (slot === null) return [];
  return [
    {
      slot,
      commit: app.pm2_env.env?.SWITCHYARD_COMMIT ?? '',
      instance: app.pm2_env.env?.SWITCHYARD_INSTANCE ?? '',
      ...environmentOf(app.pm2_env.env ?? {}),
      ...processState(app),
    },
  ];
}

function environmentOf({ SWITCHYARD_ENVIRONMENT }: Record<string, string | undefined>): WithEnvironment {
  const environment = Number(SWITCHYARD_ENVIRONMENT ?? EMPTY_ENVIRONMENT);
  return environment === EMPTY_ENVIRONMENT ? {} : { environment };
}

/** Every process that was started in a slot of this home, including children. */
function processesOf(home: Home, slot: SlotName): OsProcess[] {
  return processesWith('SWITCHYARD_DATA', home.shared).filter(({ env }) => env.SWITCHYARD_SLOT === slot);
}

/** Slot processes that PM2 does not manage: a daemon that is now dead started them. */
function orphans(seen: OsProcess[], managed: RunningSlot[]): RunningSlot[] {
  const known = new Set(managed.map(({ instance }) => instance));
  const found = new Map<string, RunningSlot>();
  for (const { pid, env } of seen) {
    const { SWITCHYARD_SLOT: slot, SWITCHYARD_COMMIT: commit, SWITCHYARD_INSTANCE: instance } = env;
    if (!slot || !commit || !instance || known.has(instance) || found.has(instance)) continue;
    const status: ProcessStatus = 'online';
    const process = { slot, commit, instance, pid, restarts: 0, status, exitCode: null, orphan: true };
    found.set(instance, { ...process, ...environmentOf(env) });
  }
  return [...found.values()];
}
