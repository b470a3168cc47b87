/** Ends things the hard way, at a moment of a deployment, and measures how long users have felt it. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploymentLog } from '../../deploy/os/command';
import type { Deployment } from '../../deploy/core/deployment';
import type { Entry, PhaseName } from '../../deploy/core/event';
import type { Commit } from '../../deploy/core/release';
import type { Home } from '../../deploy/home/home';
import { isOver } from '../../deploy/core/transitions';
import { guardsOf } from '../../deploy/deployer/guard-process';
import { SPARE } from '../../deploy/deployer/launcher';
import { deploymentMark, DEPLOYMENT_MARKER } from '../../deploy/os/marked-processes';
import { processesWith, type OsProcess } from '../../deploy/os/process-table';
import { deployerStatus } from '../../deploy/runtimes/pm2/deployer';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import { processesOf as nginxProcesses } from '../../deploy/traffic/nginx-processes';
import type { TinyClone } from './tiny-clone';
import { processesInContainers } from './docker';
import { until } from './until';

/** Of how long users have felt something this much may be missed; the bounds are in seconds. */
const POLL_EVERY_MS = 20;

/** The first deployment after `after` that comes to this phase, or to its bake. It may be over a moment later. */
export async function untilPhase(clone: TinyClone, after: number, phase: PhaseName): Promise<Deployment> {
  const journal = clone.journal();
  const has = ({ entry }: { entry: Entry }): boolean =>
    phase === 'bake'
      ? entry.type === 'state' && entry.state === 'baking'
      : entry.type === 'phase' && entry.phase === phase && entry.status === 'started' && !entry.undo;
  const wanted = (): string => `the phase ${phase}: ${describe(journal.history()[0])}`;
  let lastId = 0;
  try {
    return await until(wanted, () => {
      const news = journal.since(lastId);
      lastId = news.at(-1)?.id ?? lastId;
      const event = news.find((each) => (each.deployment ?? 0) > after && has(each));
      return event && journal.get(event.deployment as number);
    });
  } finally {
    journal.close();
  }
}

/** The deployment as it ended. */
export function untilOver(clone: TinyClone, id: number): Promise<Deployment> {
  const journal = clone.journal();
  const end = (): string => `its end: ${describe(journal.get(id))}`;
  return until(end, () => {
    const deployment = journal.get(id);
    return deployment && isOver(deployment.state) && deployment;
  }).finally(() => journal.close());
}

/** How far it has come, and why no further. */
function describe(deployment: Deployment | null | undefined): string {
  if (!deployment) return 'there is no deployment';
  const { id, state, cause, errorCode } = deployment;
  return [`deployment ${id} is ${state}`, cause, errorCode && `[${errorCode}]`].filter(Boolean).join(' ');
}

/** For afterEach: what a test that failed has left at work would keep every later deployment waiting. */
export async function abortDeployments(clone: TinyClone): Promise<void> {
  const left = clone.deployments().filter(({ state }) => !isOver(state));
  // those that wait first: else they begin
  for (const { id } of left.reverse()) await clone.switchyard('abort', String(id));
}

export function kill(pid: number | null | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (!pid) throw new Error('there is no process to kill');
  process.kill(pid, signal);
}

export async function deployerPid(clone: TinyClone): Promise<number> {
  return until('a deployer', async () => (await deployerStatus({ home: clone.home }))?.pid);
}

/** What the commands of a deployment have started, children that left its process group too. */
export function commandsOf(home: Home, id: number): OsProcess[] {
  return processesWith(DEPLOYMENT_MARKER, deploymentMark(home.logs, id));
}

/** Waits until a command of the deployment hangs (faulty-app/hang.js): it has processes that would outlive it. */
export async function untilItHangs({ home }: TinyClone, id: number): Promise<void> {
  const log = deploymentLog(home, id);
  // the phase has begun before its command has written anything
  await until(
    'the word of a command that hangs',
    () => existsSync(log) && readFileSync(log, 'utf8').includes('it hangs'),
  );
  await until('a survivor', () => commandsOf(home, id).length >= 2);
}

/** As processes: one that just starts is there too, and for a moment there are two. */
export function deployersOf(home: Home): OsProcess[] {
  return processesWith('SWITCHYARD_HOME', home.dir).filter(({ argv }) =>
    argv.some((word) => word.endsWith('/dist/deploy/daemon.js')),
  );
}

/** Kills what starts everything else again: the guard first, PM2's daemon and the deployer, and what else is named. */
export function killSupervisors(home: Home, ...others: number[]): void {
  const supervisors = [...guardsOf(home), ...pm2Daemons(home), ...deployersOf(home)];
  killAll([...supervisors.map(({ pid }) => pid), ...others]);
}

/** The processes that wait for the next deployment. */
export function spares(home: Home): OsProcess[] {
  return processesWith('SWITCHYARD_HOME', home.dir).filter(({ argv }) => argv.at(-1) === SPARE);
}

/** Everything that runs for a home: nginx, PM2, the deployer and its guard, deployments, their commands, the slots, as containers too. */
export function allProcessesOf(home: Home): number[] {
  return running(home, ['daemon', 'deployment', 'guard', 'hook']);
}

/**
 * The same for an expectation, by pid and program. Without the pushes: they are their owners' commands, whose last
 * words may come a moment after the end of what they follow.
 */
export function survivorsOf(home: Home): string[] {
  return running(home, ['daemon', 'deployment', 'guard']).map((pid) => `${pid}: ${commandLine(pid)}`);
}

/** @param programs of the kit; a test's commands carry the home's name as well */
function running(home: Home, programs: string[]): number[] {
  const isKitProgram = (word: string): boolean =>
    programs.some((program) => word.endsWith(`/dist/deploy/${program}.js`));
  const marked = processesWith('SWITCHYARD_HOME', home.dir).filter(({ argv }) => argv.some(isKitProgram));
  return [
    ...pm2Daemons(home).map(({ pid }) => pid),
    ...marked.map(({ pid }) => pid),
    ...processesWith('SWITCHYARD_DATA', home.shared).map(({ pid }) => pid),
    ...processesInContainers(home),
    ...nginxProcesses(home),
  ];
}

/** As when the machine loses its power. */
export function killEverything(home: Home): void {
  for (let pids = allProcessesOf(home); pids.length > 0; pids = allProcessesOf(home)) {
    killAll(pids);
  }
}

function killAll(pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it went with another one
    }
  }
}

/** For one that has ended since: nothing. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return 'it has ended since';
  }
}

export interface ServingWatch {
  /** Stops asking, and tells for how long users did not get the commit, from the call of `watchServing` to the last time; 0 for never. */
  stop(): Promise<number>;
}

const watches: ServingWatch[] = [];

/** For afterEach: a test that failed has left its own asking. */
export async function stopWatching(): Promise<void> {
  for (const watching of watches.splice(0)) await watching.stop();
}

/** Asks who serves, many times a second. */
export function watchServing(clone: TinyClone, commit: Commit): ServingWatch {
  const began = Date.now();
  let lastWrong = began;
  let stopped = false;
  const asking = (async (): Promise<void> => {
    while (!stopped) {
      const right = await clone.get('/version').then(
        ({ status, text }) => status === 200 && (JSON.parse(text) as { commit: Commit }).commit === commit,
        () => false,
      );
      if (!right) lastWrong = Date.now();
      await sleep(POLL_EVERY_MS);
    }
  })();
  const watching = {
    async stop() {
      stopped = true;
      await asking;
      return lastWrong - began;
    },
  };
  watches.push(watching);
  return watching;
}

/** What the journal tells of the whole, not of a deployment, after an event. */
export function incidents(clone: TinyClone, after: number): string[] {
  const journal = clone.journal();
  const incidentMessages = journal
    .since(after)
    .flatMap(({ entry }) => (entry.type === 'incident' ? [entry.message] : []));
  journal.close();
  return incidentMessages;
}

/** The journal's last event by now. */
export function lastEvent(clone: TinyClone): number {
  const journal = clone.journal();
  const id = journal.since(0).at(-1)?.id ?? 0;
  journal.close();
  return id;
}
