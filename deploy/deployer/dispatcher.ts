/**
 * Starts deployments one at a time, each in its own process that outlives the deployer. It polls several times a
 * second. A free lock beside a deployment that the journal calls running means that its process has died.
 */
import type { ClonePlace } from '../home/clone-place';
import { mustBeInPlace } from '../home/clone-place';
import { asKnown } from '../core/errors';
import type { Deployment } from '../core/deployment';
import { decideDispatch, wantsSpare } from '../core/dispatch';
import type { Dispatch } from '../core/dispatch';
import { decideQueue } from '../core/queue';
import { createLauncher } from './launcher';
import { isLocked } from '../journal/deployment-lock';
import type { DeployContext } from '../context';

const POLL_EVERY_MS = 200;

export interface Dispatcher {
  start(): void;
  stop(): void;
  /** Poll now: a deployment was requested. */
  wake: () => void;
}

/**
 * @param clonePlace tracks the clone that deployments start from
 * @param ended called when a deployment's process has exited
 */
export function createDispatcher(
  context: DeployContext,
  clonePlace: () => ClonePlace,
  ended: () => void,
): Dispatcher {
  let timer: NodeJS.Timeout | undefined;
  let working = false;
  let polling = false;
  let again = false;
  const launches = new Map<number, number>();
  const launcher = createLauncher(context);

  const poll = async (): Promise<void> => {
    if (polling) {
      again = true;
      return;
    }
    polling = true;
    do {
      again = false;
      // a busy journal must not stop the dispatcher: the next poll comes soon
      await pollOnce().catch((error: unknown) => console.error('dispatcher:', error));
    } while (again);
    polling = false;
  };

  const pollOnce = async (): Promise<void> => {
    const pending = context.journal.pending();
    for (const { id } of decideQueue(pending).superseded)
      await context.journal.move(id, 'superseded', { cause: 'a newer push waits' });
    if (await isMoved(pending)) return;
    if (wantsSpare(pending)) launcher.keepSpare();
    if (working || pending.length === 0 || isLocked(context.home)) return;
    // read again: a deployment may have finished between the first read and the lock check
    await act(decideDispatch(context.journal.pending(), (id) => launches.get(id) ?? 0));
  };

  /** Starts nothing from a clone that is gone or was replaced: queued deployments then fail with advice. */
  const isMoved = async (pending: Deployment[]): Promise<boolean> => {
    try {
      mustBeInPlace(clonePlace());
      return false;
    } catch (error) {
      launcher.close();
      const { code, message, hint, fault } = asKnown(error);
      for (const { id, state } of pending)
        if (state === 'queued')
          await context.journal.move(id, 'failed', { fault, errorCode: code, cause: message, hint });
      return true;
    }
  };

  const act = async (decision: Dispatch): Promise<void> => {
    if (decision.do === 'give-up') return giveUp(context, decision);
    if (decision.do === 'nothing') return;
    launches.set(decision.id, (launches.get(decision.id) ?? 0) + 1);
    working = true;
    launcher.launch(decision.id, finished);
  };

  const finished = (): void => {
    working = false;
    void poll().then(ended);
  };

  return {
    start: () => {
      timer = setInterval(() => void poll(), POLL_EVERY_MS);
      void poll();
    },
    stop: () => {
      clearInterval(timer);
      launcher.close();
    },
    wake: () => void poll(),
  };
}

async function giveUp(
  context: DeployContext,
  { id, state }: Extract<Dispatch, { do: 'give-up' }>,
): Promise<void> {
  const cause = 'its process died every time it was started (logs/deployments.log in the home says more)';
  await context.journal.move(id, state, { fault: 'machine', errorCode: 'E_INTERRUPTED', cause });
}
