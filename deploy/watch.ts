/**
 * Watches, between deployments, that the right release serves: the active slot's health, the process
 * manager and nginx itself. What it finds and does stands in the journal.
 */
import type { WatchAction } from './core/watch';
import { decideWatch } from './core/watch';
import { short } from './core/format';
import type { RunningSlot, SlotName } from './core/types';
import { isLocked } from './lock';
import { builtHealthPath } from './pipeline/health-path';
import type { RequestDeployment } from './requests';
import { probe } from './traffic/probe';
import type { Yard } from './yard';
import { slotNamed } from './yard';

const LOOK_EVERY_MS = 500;
const PROBE_TIMEOUT_MS = 1000;

export interface Watch {
  start(): void;
  stop(): void;
}

/** @param nginx starts nginx when it is gone and says whether it had to */
export function createWatch(yard: Yard, request: RequestDeployment, nginx: () => Promise<boolean>): Watch {
  let timer: NodeJS.Timeout | undefined;
  let badInARow = 0;
  let seen: Seen = { pid: null, since: 0, answered: false };
  let stopped = false;

  const look = async (): Promise<void> => {
    if (await nginx()) await tell('nginx was gone and was started again');
    const { active } = await yard.traffic.current();
    // a deployment watches for itself
    if (active === null || isLocked(yard.home) || yard.journal.pending().length > 0) return;
    await lookAt(active);
  };

  const lookAt = async (active: SlotName): Promise<void> => {
    const running = (await yard.runtime.list()).find(({ slot }) => slot === active) ?? null;
    const healthy = running !== null && (await answers(yard, running));
    if (healthy && badInARow > 0) await tell(`${active} answers again`, active);
    badInARow = healthy ? 0 : badInARow + 1;
    if (badInARow === 1) await tell(`${active} does not answer`, active);
    if (seen.pid !== (running?.pid ?? null)) {
      seen = { pid: running?.pid ?? null, since: Date.now(), answered: false };
    }
    const sight = {
      running,
      healthy,
      badInARow,
      answeredBefore: seen.answered,
      seenForMs: Date.now() - seen.since,
      startLimitMs: yard.config.limits.start * 1000,
    };
    seen.answered ||= healthy;
    await act(decideWatch(sight), active, running);
  };

  const act = async (action: WatchAction, active: SlotName, running: RunningSlot | null): Promise<void> => {
    switch (action) {
      case 'nothing':
        return;
      case 'kill':
        badInARow = 0;
        await tell(`${active} hangs: its process ${running?.pid} is ended and started again`, active);
        if (running?.pid) process.kill(running.pid, 'SIGKILL');
        return;
      case 'restore':
        badInARow = 0;
        return restore(active);
      case 'adopt':
        return restore(yard.slots.find(({ name }) => name !== active)?.name ?? active);
    }
  };

  const restore = async (slot: SlotName): Promise<void> => {
    const serving = yard.journal.lastLive()?.to;
    if (!serving) return;
    await tell(`${short(serving.commit)} is started again in ${slot}`, slot);
    await request({ kind: 'restore', trigger: 'watch', commit: serving.commit, slot });
  };

  const tell = (message: string, slot?: SlotName): Promise<void> =>
    yard.journal.tell(null, { type: 'incident', message, ...(slot ? { slot } : {}) });

  const again = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      look()
        .catch((error: unknown) => console.error('watch:', error))
        .finally(again);
    }, LOOK_EVERY_MS);
  };

  return {
    start: again,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** The process in the active slot, as long as it is the same one. */
interface Seen {
  pid: number | null;
  since: number;
  answered: boolean;
}

async function answers(yard: Yard, running: RunningSlot): Promise<boolean> {
  if (running.pid === null) return false;
  const { port } = slotNamed(yard, running.slot);
  const path = builtHealthPath(yard, running.commit);
  const answer = await probe({ port, path, timeoutMs: PROBE_TIMEOUT_MS });
  return answer.status === 200 && answer.instance === running.instance;
}
