/**
 * Watches that the right release serves: the active slot's health, its process manager and nginx itself.
 * What it finds and does stands in the journal.
 */
import { isCanary } from './core/canary/at-work';
import type { WatchAction } from './core/watch';
import { decideWatch, restoreAgainAfterMs } from './core/watch';
import { asKnown } from './core/errors';
import { short } from './core/format';
import type { RunningSlot, SlotName, Table } from './core/types';
import { isLocked } from './lock';
import { builtHealthPath } from './pipeline/health-path';
import type { RequestDeployment } from './requests';
import { probe } from './traffic/probe';
import type { Yard } from './yard';
import { slotNamed } from './yard';

const LOOK_EVERY_MS = 500;
/** Three bad looks, the end of the process and its new start have five seconds together. */
const LOOK_AGAIN_MS = 50;
const PROBE_TIMEOUT_MS = 1000;

export interface Watch {
  start(): void;
  stop(): void;
}

/** @param nginx starts nginx when it is gone and says whether it had to */
export function createWatch(yard: Yard, request: RequestDeployment, nginx: () => Promise<boolean>): Watch {
  let timer: NodeJS.Timeout | undefined;
  let badInARow = 0;
  let seen: Seen | null = null;
  let restores = { count: 0, notBefore: 0 };
  let missed = false;
  let engineDown = false;
  let stopped = false;

  const look = async (): Promise<void> => {
    if (await nginx()) await tell('nginx was gone and was started again');
    const { active } = await tableInForce();
    const deployment = yard.journal.active();
    // a deployment watches the slot that it gives the traffic to for itself
    if (active === null || deployment?.state === 'baking' || deployment?.to?.slot === active) return;
    await lookAt(active);
  };

  /** Without its table nginx refuses everyone: one that somebody has removed is made again. */
  const tableInForce = async (): Promise<Table> => {
    try {
      return await yard.traffic.current();
    } catch (error) {
      const serving = yard.journal.lastLive()?.to;
      if (!serving || (isBusy() && !onlyHolds())) throw error;
      await yard.traffic.shift({ active: serving.slot, standby: null });
      await tell('the traffic table was gone and was made again');
      return yard.traffic.current();
    }
  };

  /** Null while the engine is down: what runs in it mostly goes on, and comes back with it where it does not. */
  const residents = async (slot: SlotName): Promise<RunningSlot[] | null> => {
    try {
      const found = await yard.runtime.list(slot);
      if (engineDown) await tell('the engine answers again');
      engineDown = false;
      return found;
    } catch (error) {
      const { code, message } = asKnown(error);
      if (code !== 'E_ENGINE') throw error;
      if (!engineDown) await tell(message);
      engineDown = true;
      return null;
    }
  };

  const lookAt = async (active: SlotName): Promise<void> => {
    const listed = await residents(active);
    if (listed === null) return;
    const running = listed.find(({ slot }) => slot === active) ?? null;
    const healthy = running !== null && (await answers(yard, running));
    if (wasRestarted(seen, running) || endedUnseen(yard, seen, running)) {
      const why = await yard.runtime.endedBy(active);
      await tell(
        `${active} ended and was started again (pid ${running?.pid})${why ? `: ${why}` : ''}`,
        active,
      );
    }
    if (healthy && missed) await tell(`${active} answers again`, active);
    badInARow = healthy ? 0 : badInARow + 1;
    // after npm start nothing runs until what was live is brought back: that is no incident
    if (badInARow === 1 && (running || seen)) await tell(`${active} does not answer`, active);
    missed = !healthy && (missed || running !== null || seen !== null);
    if (running?.pid && seen?.pid !== running.pid) seen = firstSight(running, running.pid);
    const sight = {
      running,
      healthy,
      badInARow,
      answeredBefore: seen?.answered ?? false,
      seenForMs: seen ? Date.now() - seen.since : 0,
      startLimitMs: yard.config.limits.start * 1000,
    };
    if (seen && healthy) seen.answered = true;
    if (healthy && !running.orphan) restores = { count: 0, notBefore: 0 };
    await act(decideWatch(sight), active, running);
  };

  const act = async (action: WatchAction, active: SlotName, running: RunningSlot | null): Promise<void> => {
    switch (action) {
      case 'nothing':
        return;
      case 'kill':
        await tell(`${active} hangs: its process ${running?.pid} is ended and started again`, active);
        if (running?.pid) process.kill(running.pid, 'SIGKILL');
        return;
      case 'restore':
        return restore(active, mayInterruptHold());
      case 'adopt':
        return restore(yard.slots.find(({ name }) => name !== active)?.name ?? active, false);
    }
  };

  const restore = async (slot: SlotName, atOnce: boolean): Promise<void> => {
    // it would only wait behind the deployment that is at work, which may mend it
    if (isBusy() && !atOnce) return;
    const serving = yard.journal.lastLive()?.to;
    if (!serving || Date.now() < restores.notBefore) return;
    const count = restores.count + 1;
    restores = { count, notBefore: Date.now() + restoreAgainAfterMs(count) };
    await tell(`${short(serving.commit)} is started again in ${slot}`, slot);
    await request({ kind: 'restore', trigger: 'watch', commit: serving.commit, slot });
  };

  const isBusy = (): boolean => yard.journal.pending().length > 0 || isLocked(yard.home);

  /** It may wait for a person for days, or go through a canary's steps, and mends nothing meanwhile. */
  const onlyHolds = (): boolean => {
    const active = yard.journal.active();
    if (active === null || active.wish === 'abort') return false;
    return isCanary(active) || (active.state === 'holding' && active.wish === null);
  };

  /** What is held makes way for what users need. Asked for once. */
  const mayInterruptHold = (): boolean =>
    onlyHolds() && yard.journal.pending().every(({ kind }) => kind !== 'restore');

  const tell = (message: string, slot?: SlotName): Promise<void> =>
    yard.journal.tell(null, { type: 'incident', message, ...(slot ? { slot } : {}) });

  const again = (): void => {
    if (stopped) return;
    timer = setTimeout(
      () => {
        look()
          .catch((error: unknown) => console.error('watch:', error))
          .finally(again);
      },
      badInARow > 0 ? LOOK_AGAIN_MS : LOOK_EVERY_MS,
    );
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
  pid: number;
  instance: string;
  /** Milliseconds since 1970. */
  since: number;
  answered: boolean;
}

/** One that was never restarted is the very process that was verified before it became the active one. */
function firstSight({ instance, restarts }: RunningSlot, pid: number): Seen {
  return { pid, instance, since: Date.now(), answered: restarts === 0 };
}

/** The same start of the same release, but another process: it ended, however quickly it was back. */
function wasRestarted(seen: Seen | null, running: RunningSlot | null): boolean {
  return (
    seen !== null && running?.pid != null && running.instance === seen.instance && running.pid !== seen.pid
  );
}

/**
 * It ended after it went live, but before the first look at it. Told once: the next deployer looks at it for the
 * first time too.
 */
function endedUnseen(yard: Yard, seen: Seen | null, running: RunningSlot | null): boolean {
  if (running?.pid == null || running.instance === seen?.instance) return false;
  const { liveAt = null, plan = null } = yard.journal.lastLive() ?? {};
  const { slot, instance, restarts } = running;
  const grew = (plan ?? []).some(
    ({ step }) => step.do === 'verify-live' && step.instance === instance && restarts > step.restarts,
  );
  if (liveAt === null || !grew) return false;
  return !yard.journal
    .incidents(20)
    .some(({ at, message }) => at >= liveAt && message.startsWith(`${slot} ended`));
}

async function answers(yard: Yard, running: RunningSlot): Promise<boolean> {
  if (running.pid === null) return false;
  const { port } = slotNamed(yard, running.slot);
  const path = builtHealthPath(yard, running.commit);
  const answer = await probe({ port, path, timeoutMs: PROBE_TIMEOUT_MS });
  return answer.status === 200 && answer.instance === running.instance;
}
