/** Follows a deployment in the journal, event by event, until it is over. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../core/errors';
import { isOver } from '../core/transitions';
import type { Deployment } from '../core/deployment';
import type { JournalEvent } from '../core/event';
import { isLocked } from '../journal/deployment-lock';
import type { Home } from '../home/home';
import type { Journal } from '../journal/journal';
import { probe } from '../traffic/probe';
import { machineMs } from '../os/machine-clock';
import { waitUntil } from '../os/wait-until';

/** Short, because a warm rollback takes at most 50 ms; a poll costs only hundredths of a millisecond. */
const POLL_EVERY_MS = 10;
const POLLS_PER_SECOND = 100;
/** How long the deployer may be missing: its process manager needs a moment to restart it. */
const DEPLOYER_MAY_BE_GONE_MS = 10_000;

const BRANCH_FOLLOWS_WITHIN_MS = 2000;

export interface FollowOptions {
  /** Only events after this id; default: all. */
  after?: number;
  /** When to stop following; default: when the deployment is over. */
  until?: (deployment: Deployment) => boolean;
}

/**
 * Calls `onEvent` for each event and returns the deployment once it is over or meets `until`. Throws E_DEPLOYER_DOWN if
 * neither the deployer nor the deployment's process is alive, so that callers do not wait forever.
 */
export async function follow(
  home: Home,
  journal: Journal,
  id: number,
  onEvent: (event: JournalEvent) => void,
  { after = 0, until = ({ state }) => isOver(state) }: FollowOptions = {},
): Promise<Deployment> {
  let seen = after;
  let lastAlive = machineMs();
  for (let polls = 0; ; polls++) {
    // the state is read before the events, so that the last event is never missed
    const deployment = journal.get(id);
    for (const event of journal.since(seen, id)) {
      seen = event.id;
      onEvent(event);
    }
    if (deployment && until(deployment)) return deployment;
    if (polls % POLLS_PER_SECOND === 0 && (await isWorkedOn(home))) lastAlive = machineMs();
    if (machineMs() - lastAlive > DEPLOYER_MAY_BE_GONE_MS) {
      throw new KnownError('E_DEPLOYER_DOWN', `Deployment ${id} has stopped: the deployer is not running.`);
    }
    await sleep(POLL_EVERY_MS);
  }
}

async function isWorkedOn(home: Home): Promise<boolean> {
  const answer = await probe({ socketPath: home.socket, path: '/health', timeoutMs: 1000 });
  return answer.status === 200 || isLocked(home);
}

/**
 * Waits, after the verdict, until the deployment's process has moved push.git's refs to the live release. Before that,
 * git could refuse a push. If another deployment is running, this one's process has exited or never started.
 */
export async function untilBranchFollows(home: Home, journal: Journal): Promise<void> {
  const isDone = (): boolean => !isLocked(home) || journal.active() !== null;
  await waitUntil(isDone, { everyMs: 20, withinMs: BRANCH_FOLLOWS_WITHIN_MS });
}
