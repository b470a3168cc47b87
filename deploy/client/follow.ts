/** Follows a deployment in the journal, event by event, to its end. */
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

/** A look takes some hundredths of a millisecond, and a rollback no more than fifty. */
const LOOK_EVERY_MS = 10;
const LOOKS_PER_SECOND = 100;
/** A deployer that is started again by its process manager needs a moment. */
const DEPLOYER_MAY_BE_GONE_MS = 10_000;

export interface Following {
  /** Only what is told after this event; default: all of it. */
  after?: number;
  /** When to let go of it; default: when it is over. */
  until?: (deployment: Deployment) => boolean;
}

/**
 * Calls back for each event and returns the deployment as it ended, or came to what is waited for. Throws E_DEPLOYER_DOWN when neither the
 * deployer nor the deployment's process lives any more, so that nobody waits for ever.
 */
export async function follow(
  home: Home,
  journal: Journal,
  id: number,
  onEvent: (event: JournalEvent) => void,
  { after = 0, until = ({ state }) => isOver(state) }: Following = {},
): Promise<Deployment> {
  let seen = after;
  let lastAlive = machineMs();
  for (let looks = 0; ; looks++) {
    // the state is read before the events: the last event is then never missed
    const deployment = journal.get(id);
    for (const event of journal.since(seen, id)) {
      seen = event.id;
      onEvent(event);
    }
    if (deployment && until(deployment)) return deployment;
    if (looks % LOOKS_PER_SECOND === 0 && (await somebodyWorks(home))) lastAlive = machineMs();
    if (machineMs() - lastAlive > DEPLOYER_MAY_BE_GONE_MS) {
      throw new KnownError(
        'E_DEPLOYER_DOWN',
        `Nobody works on deployment ${id}: the deployer is not running.`,
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function somebodyWorks(home: Home): Promise<boolean> {
  const answer = await probe({ socketPath: home.socket, path: '/health', timeoutMs: 1000 });
  return answer.status === 200 || isLocked(home);
}
