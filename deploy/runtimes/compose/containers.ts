/** Lists and removes a home's containers. A label with the home's path keeps two homes apart. */
import { EMPTY_ENVIRONMENT } from '../../core/environment';
import { asKnown, KnownError } from '../../core/errors';
import type { ProcessStatus, RunningSlot, SlotName } from '../../core/slot';
import type { Home } from '../../home/home';
import { requestEngine, requestEngineJson } from './engine-api';
import { waitUntil } from '../../os/wait-until';

/** The labels of Switchyard's containers and images. */
export const LABEL = {
  home: 'switchyard.home',
  slot: 'switchyard.slot',
  commit: 'switchyard.commit',
  instance: 'switchyard.instance',
  environment: 'switchyard.environment',
  operator: 'switchyard.operator',
} as const;
/** Compose's label for a container that runs one command; such a container carries a slot's labels too. */
const ONE_OFF = 'com.docker.compose.oneoff';

const REMOVING_MAY_TAKE_MS = 60_000;
const POLL_EVERY_MS = 50;

/** The fields that we read of the engine's response. */
export interface Inspected {
  Id: string;
  RestartCount: number;
  State: { Status: string; Pid: number; ExitCode: number; OOMKilled: boolean };
  Config: { Labels: Record<string, string> | null };
}

interface Listed {
  Id: string;
  Names: string[];
  Labels: Record<string, string>;
}

/** A slot's container and its state. */
export interface SlotContainer {
  id: string;
  running: RunningSlot;
  /** True if its last process was killed for exceeding the memory limit. */
  outOfMemory: boolean;
}

/** The containers in this home's slots, or in slot `only`. Throws E_ENGINE. */
export async function slotContainers(home: Pick<Home, 'dir'>, only?: SlotName): Promise<SlotContainer[]> {
  const labels = [`${LABEL.home}=${home.dir}`, only === undefined ? LABEL.slot : `${LABEL.slot}=${only}`];
  const listed = (await listContainers({ label: labels })).filter(({ Labels }) => !isOneOff(Labels));
  const found = await Promise.all(listed.map(({ Id }) => inspect(Id)));
  return Promise.all(found.filter((each) => each !== null).map(asSlotContainer));
}

/** The ids of this home's containers that run a single command of a deployment. Throws E_ENGINE. */
export async function oneOffContainers(home: Pick<Home, 'dir'>): Promise<string[]> {
  const listed = await listContainers({ label: [`${LABEL.home}=${home.dir}`, `${ONE_OFF}=True`] });
  return listed.filter(({ Labels }) => !(LABEL.operator in Labels)).map(({ Id }) => Id);
}

/**
 * The home that owns the container of this name: null if there is no such container, '' if it belongs to no home.
 * Throws E_ENGINE.
 */
export async function homeOfContainer(name: string): Promise<string | null> {
  const found = await requestEngineJson<Inspected>({ path: `/containers/${encodeURIComponent(name)}/json` });
  return found === null ? null : (found.Config.Labels?.[LABEL.home] ?? '');
}

/** Removes a container immediately, even a running one. Throws E_ENGINE, E_RUNTIME. */
export async function removeContainer(id: string): Promise<void> {
  const wait = { everyMs: POLL_EVERY_MS, withinMs: REMOVING_MAY_TAKE_MS };
  if (await waitUntil(() => removed(id), wait)) return;
  throw new KnownError('E_RUNTIME', `Docker did not remove container ${id}.`);
}

/** False while another removal is in progress: the engine itself removes a one-off container that has exited. */
async function removed(id: string): Promise<boolean> {
  const path = `/containers/${id}?force=true&v=true`;
  try {
    await requestEngineJson({ method: 'DELETE', path, limitMs: REMOVING_MAY_TAKE_MS });
    return true;
  } catch (error) {
    if (asKnown(error).message.includes('already in progress')) return false;
    throw error;
  }
}

/** The engine's view of a container as a RunningSlot. */
export function runningSlot({ Id, RestartCount, State, Config }: Inspected): RunningSlot {
  const status = statusOf(State.Status);
  const alive = status === 'online' || status === 'stopping';
  const labels = Config.Labels ?? {};
  const environment = Number(labels[LABEL.environment] ?? EMPTY_ENVIRONMENT);
  return {
    slot: labels[LABEL.slot] ?? '',
    commit: labels[LABEL.commit] ?? '',
    instance: labels[LABEL.instance] ?? '',
    ...(environment === EMPTY_ENVIRONMENT ? {} : { environment }),
    pid: alive && State.Pid > 0 ? State.Pid : null,
    restarts: RestartCount,
    status,
    // the engine resets it to 0 when the next process starts
    exitCode: alive ? null : State.ExitCode,
    container: Id,
  };
}

/**
 * Maps the engine's states. A container that waits for its restart is `crashed`; one that will
 * not restart is `stopped`.
 */
function statusOf(status: string): ProcessStatus {
  switch (status) {
    case 'running':
      return 'online';
    case 'removing':
      return 'stopping';
    case 'restarting':
      // it crashed and waits for its restart
      return 'crashed';
    default:
      // created, exited, dead, paused
      return 'stopped';
  }
}

async function asSlotContainer(container: Inspected): Promise<SlotContainer> {
  const running = runningSlot(container);
  const hasRestarted = running.pid !== null && running.restarts > 0;
  const { exitCode, outOfMemory } = hasRestarted
    ? lastExit(await eventsOf(container.Id))
    : { exitCode: running.exitCode, outOfMemory: container.State.OOMKilled };
  return { id: container.Id, running: { ...running, exitCode }, outOfMemory };
}

/**
 * Fetches the `die` and `oom` events: after a restart only these show how the last process exited. The engine keeps
 * only the last few hundred events.
 */
async function eventsOf(id: string): Promise<EngineEvent[]> {
  // to the millisecond, because the engine would wait for a time in the future
  const now = (Date.now() / 1000).toFixed(3);
  const filters = encodeURIComponent(JSON.stringify({ container: [id], event: ['die', 'oom'] }));
  const { body } = await requestEngine({ path: `/events?since=0&until=${now}&filters=${filters}` });
  // one line of JSON per event
  const lines = body.toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as EngineEvent);
}

export interface EngineEvent {
  Action: string;
  Actor: { Attributes: { exitCode?: string } };
}

/**
 * How the container's last process exited; an `oom` before the `die` gives the reason.
 * @param events oldest first
 */
export function lastExit(events: EngineEvent[]): { exitCode: number | null; outOfMemory: boolean } {
  const died = events.findLastIndex(({ Action }) => Action === 'die');
  const code = events[died]?.Actor.Attributes.exitCode;
  return {
    exitCode: code === undefined ? null : Number(code),
    outOfMemory: events[died - 1]?.Action === 'oom',
  };
}

async function listContainers(filters: Record<string, string[]>): Promise<Listed[]> {
  const query = encodeURIComponent(JSON.stringify(filters));
  return (await requestEngineJson<Listed[]>({ path: `/containers/json?all=true&filters=${query}` })) ?? [];
}

function inspect(id: string): Promise<Inspected | null> {
  return requestEngineJson<Inspected>({ path: `/containers/${id}/json` });
}

function isOneOff(labels: Record<string, string>): boolean {
  return labels[ONE_OFF] === 'True';
}
