/** Kills processes at a chosen moment of a deployment, and measures how long users were affected. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploymentLog } from '../../deploy/os/command';
import type { Deployment } from '../../deploy/core/deployment';
import type { Entry, PhaseName } from '../../deploy/core/event';
import type { Commit } from '../../deploy/core/release';
import type { Home } from '../../deploy/home/home';
import { isOver } from '../../deploy/core/transitions';
import { guardProcesses } from '../../deploy/deployer/guard-process';
import { SPARE } from '../../deploy/deployer/launcher';
import { deploymentMark, DEPLOYMENT_MARKER } from '../../deploy/os/marked-processes';
import { processesWith, type OsProcess } from '../../deploy/os/process-table';
import { deployerStatus } from '../../deploy/runtimes/pm2/deployer';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import { processesOf as nginxProcesses } from '../../deploy/traffic/nginx-processes';
import type { TinyClone } from './tiny-clone';
import { processesInContainers } from './docker';
import { until } from './until';

/** The error of measured outages; the bounds are in seconds. */
const POLL_EVERY_MS = 20;

/** Returns the first deployment after `after` that reaches this phase or its bake. It may end a moment later. */
export async function untilPhase(clone: TinyClone, after: number, phase: PhaseName): Promise<Deployment> {
  const journal = clone.journal();
  const has = ({ entry }: { entry: Entry }): boolean =>
    phase === 'bake'
      ? entry.type === 'state' && entry.state === 'baking'
      : entry.type === 'phase' && entry.phase === phase && entry.status === 'started' && !entry.undo;
  const goal = (): string => `the phase ${phase}: ${describe(journal.history()[0])}`;
  let lastId = 0;
  try {
    return await until(goal, () => {
      const events = journal.since(lastId);
      lastId = events.at(-1)?.id ?? lastId;
      const event = events.find((each) => (each.deployment ?? 0) > after && has(each));
      return event && journal.get(event.deployment as number);
    });
  } finally {
    journal.close();
  }
}

/** Waits for the end of the deployment and returns it. */
export function untilOver(clone: TinyClone, id: number): Promise<Deployment> {
  const journal = clone.journal();
  const end = (): string => `its end: ${describe(journal.get(id))}`;
  return until(end, () => {
    const deployment = journal.get(id);
    return deployment && isOver(deployment.state) && deployment;
  }).finally(() => journal.close());
}

/** The deployment's state and its cause, for a failure message. */
function describe(deployment: Deployment | null | undefined): string {
  if (!deployment) return 'there is no deployment';
  const { id, state, cause, errorCode } = deployment;
  return [`deployment ${id} is ${state}`, cause, errorCode && `[${errorCode}]`].filter(Boolean).join(' ');
}

/** For afterEach: a deployment left by a failed test would make every later one wait. */
export async function abortDeployments(clone: TinyClone): Promise<void> {
  const left = clone.deployments().filter(({ state }) => !isOver(state));
  // waiting ones first, or they would start
  for (const { id } of left.reverse()) await clone.switchyard('abort', String(id));
}

export function kill(pid: number | null | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (!pid) throw new Error('there is no process to kill');
  process.kill(pid, signal);
}

export async function deployerPid(clone: TinyClone): Promise<number> {
  return until('a deployer', async () => (await deployerStatus({ home: clone.home }))?.pid);
}

/** All processes started by a deployment's commands, including children outside its process group. */
export function commandsOf(home: Home, id: number): OsProcess[] {
  return processesWith(DEPLOYMENT_MARKER, deploymentMark(home.logs, id));
}

/** Waits until a command of the deployment hangs (faulty-app/hang.js) and has processes that would outlive it. */
export async function untilItHangs({ home }: TinyClone, id: number): Promise<void> {
  const log = deploymentLog(home, id);
  // the phase starts before its command writes anything
  await until(
    'the output of the hanging command',
    () => existsSync(log) && readFileSync(log, 'utf8').includes('it hangs'),
  );
  await until('a surviving process', () => commandsOf(home, id).length >= 2);
}

/** The deployers' processes, including one that is just starting; for a moment there can be two. */
export function deployersOf(home: Home): OsProcess[] {
  return processesWith('SWITCHYARD_HOME', home.dir).filter(({ argv }) =>
    argv.some((word) => word.endsWith('/dist/deploy/daemon.js')),
  );
}

/** Kills everything that restarts processes: first the guards, then PM2's daemon, the deployer, and `others`. */
export function killSupervisors(home: Home, ...others: number[]): void {
  const supervisors = [...guardProcesses(home), ...pm2Daemons(home), ...deployersOf(home)];
  killAll([...supervisors.map(({ pid }) => pid), ...others]);
}

/** The idle processes that wait for the next deployment. */
export function spares(home: Home): OsProcess[] {
  return processesWith('SWITCHYARD_HOME', home.dir).filter(({ argv }) => argv.at(-1) === SPARE);
}

/**
 * Every process of a home: nginx, PM2, deployer, guard, deployments, their commands, and slots, including those in
 * containers.
 */
export function allProcessesOf(home: Home): number[] {
  return running(home, ['daemon', 'deployment', 'guard', 'hook']);
}

/**
 * The same for an assertion, by pid and program. It leaves out pushes: they are users' commands and may print their
 * last lines a moment after the deployment ends.
 */
export function survivorsOf(home: Home): string[] {
  return running(home, ['daemon', 'deployment', 'guard']).map((pid) => `${pid}: ${commandLine(pid)}`);
}

/** @param programs the kit's, since a test's own commands also carry the home's name */
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

/** Kills every process of a home, as in a power failure. */
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
      // exited along with another process
    }
  }
}

/** A placeholder for a process that has already exited. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return 'already exited';
  }
}

export interface ServingWatch {
  /** Stops probing. Returns the milliseconds from `watchServing` to the last answer with another commit; 0 for none. */
  stop(): Promise<number>;
}

const watches: ServingWatch[] = [];

/** For afterEach: stops the probes that a failed test left running. */
export async function stopWatching(): Promise<void> {
  for (const watching of watches.splice(0)) await watching.stop();
}

/** Probes the live commit many times a second. */
export function watchServing(clone: TinyClone, commit: Commit): ServingWatch {
  const startedAt = Date.now();
  let lastWrong = startedAt;
  let stopped = false;
  const probing = (async (): Promise<void> => {
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
      await probing;
      return lastWrong - startedAt;
    },
  };
  watches.push(watching);
  return watching;
}

/** The messages of incidents, which belong to no deployment, after an event. */
export function incidents(clone: TinyClone, after: number): string[] {
  const journal = clone.journal();
  const incidentMessages = journal
    .since(after)
    .flatMap(({ entry }) => (entry.type === 'incident' ? [entry.message] : []));
  journal.close();
  return incidentMessages;
}

/** The id of the journal's newest event. */
export function lastEvent(clone: TinyClone): number {
  const journal = clone.journal();
  const id = journal.since(0).at(-1)?.id ?? 0;
  journal.close();
  return id;
}
