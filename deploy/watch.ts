/**
 * Watches that the right release serves: the health of every slot that serves, its process manager and nginx itself.
 * What it finds and does stands in the journal.
 */
import { isCanary } from './core/canary/at-work';
import type { WatchAction } from './core/watch';
import { decideWatch, restoreAgainAfterMs } from './core/watch';
import { asKnown } from './core/errors';
import { short } from './core/format';
import { inService } from './core/spread';
import type { RunningSlot, SlotName, Table } from './core/types';
import { isLocked } from './lock';
import { askSlot } from './pipeline/slot-health';
import type { RequestDeployment } from './requests';
import type { Watched } from './watched-slot';
import { endedUnseen, firstSight, looksAfter, newlyWatched, wasRestarted } from './watched-slot';
import type { Yard } from './yard';
import { machineMs } from './os/machine-clock';

const LOOK_EVERY_MS = 500;
/** Three bad looks, the end of the process and its new start have five seconds together. */
const LOOK_AGAIN_MS = 50;

export interface Watch {
  start(): void;
  stop(): void;
}

/** @param nginx starts nginx when it is gone and says whether it had to */
export function createWatch(yard: Yard, request: RequestDeployment, nginx: () => Promise<boolean>): Watch {
  let timer: NodeJS.Timeout | undefined;
  const watched = new Map<SlotName, Watched>();
  let engineDown = false;
  let stopped = false;

  const look = async (): Promise<void> => {
    if (await nginx()) await tell('nginx was gone and was started again');
    const table = await tableInForce();
    const slots = leftToUs(table);
    forgetOthersThan(slots, inService(table));
    const isOneOfMany = inService(table).length > 1;
    // at once: one that hangs takes its time, and the others have as long as it has
    const looks = await Promise.all(slots.map(lookAt));
    for (const seen of looks) if (seen) await act(seen, isOneOfMany);
  };

  /** A deployment watches the slot that it gives the traffic to for itself. */
  const leftToUs = (table: Table): SlotName[] => {
    const deployment = yard.journal.active();
    return inService(table).filter((slot) => !looksAfter(deployment, slot));
  };

  /** What a deployment has taken out of service may come back with the same troubles. */
  const forgetOthersThan = (slots: SlotName[], serving: SlotName[]): void => {
    const isOver = yard.journal.active() === null;
    for (const [slot, state] of watched) {
      if (slots.includes(slot)) continue;
      state.badInARow = 0;
      if (isOver && !serving.includes(slot)) watched.delete(slot);
    }
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
      const isNews = engineDown;
      engineDown = false;
      if (isNews) await tell('the engine answers again');
      return found;
    } catch (error) {
      const { code, message } = asKnown(error);
      if (code !== 'E_ENGINE') throw error;
      const isNews = !engineDown;
      engineDown = true;
      if (isNews) await tell(message);
      return null;
    }
  };

  const lookAt = async (slot: SlotName): Promise<Seen | null> => {
    const listed = await residents(slot);
    if (listed === null) return null;
    const running = listed.find((each) => each.slot === slot) ?? null;
    const healthy = running !== null && running.pid !== null && (await askSlot(yard, running)).works;
    // a deployment has taken it out of service meanwhile
    if (!healthy && !leftToUs(await yard.traffic.current()).includes(slot)) return null;
    const state = watched.get(slot) ?? newlyWatched();
    watched.set(slot, state);
    await tellNews(slot, state, running, healthy);
    state.badInARow = healthy ? 0 : state.badInARow + 1;
    state.missed = !healthy && (state.missed || running !== null || state.process !== null);
    if (running?.pid && state.process?.pid !== running.pid)
      state.process = firstSight(running, running.pid, state.process);
    const action = decideWatch({
      running,
      healthy,
      badInARow: state.badInARow,
      answeredBefore: state.process?.answered ?? false,
      seenForMs: state.process ? machineMs() - state.process.since : 0,
      startLimitMs: yard.config.limits.start * 1000,
    });
    if (state.process && healthy) state.process.answered = true;
    if (healthy && !running.orphan) state.restores = newlyWatched().restores;
    return { slot, running, state, action };
  };

  const tellNews = async (
    slot: SlotName,
    { process: met, missed, badInARow }: Watched,
    running: RunningSlot | null,
    healthy: boolean,
  ): Promise<void> => {
    if (wasRestarted(met, running) || endedUnseen(yard, met, running)) {
      const why = await yard.runtime.endedBy(slot);
      await tell(`${slot} ended and was started again (pid ${running?.pid})${why ? `: ${why}` : ''}`, slot);
    }
    if (healthy && missed) await tell(`${slot} answers again`, slot);
    // after npm start nothing runs until what was live is brought back: that is no incident
    if (!healthy && badInARow === 0 && (running || met)) await tell(`${slot} does not answer`, slot);
  };

  const act = async ({ action, slot, running, state }: Seen, isOneOfMany: boolean): Promise<void> => {
    switch (action) {
      case 'nothing':
        return;
      case 'kill':
        if (running?.pid === state.ended) return;
        state.ended = running?.pid ?? null;
        await tell(`${slot} hangs: its process ${running?.pid} is ended and started again`, slot);
        if (running?.pid) process.kill(running.pid, 'SIGKILL');
        return;
      case 'restore':
        return restore(slot, mayInterruptHold(), state);
      case 'adopt':
        // among several the others serve while it is started again where it is
        return restore(isOneOfMany ? slot : anotherThan(slot), false, state);
    }
  };

  const anotherThan = (slot: SlotName): SlotName =>
    yard.slots.find(({ name }) => name !== slot)?.name ?? slot;

  const restore = async (slot: SlotName, atOnce: boolean, state: Watched): Promise<void> => {
    // it would only wait behind the deployment that is at work, which may mend it
    if (isBusy() && !atOnce) return;
    const serving = yard.journal.lastLive()?.to;
    if (!serving || machineMs() < state.restores.notBefore) return;
    const count = state.restores.count + 1;
    state.restores = { count, notBefore: machineMs() + restoreAgainAfterMs(count) };
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

  const anyIsBad = (): boolean => [...watched.values()].some(({ badInARow }) => badInARow > 0);

  const again = (): void => {
    if (stopped) return;
    timer = setTimeout(
      () => {
        look()
          .catch((error: unknown) => console.error('watch:', error))
          .finally(again);
      },
      anyIsBad() ? LOOK_AGAIN_MS : LOOK_EVERY_MS,
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

/** What one look at a slot has shown, and what is to be done about it. */
interface Seen {
  slot: SlotName;
  running: RunningSlot | null;
  state: Watched;
  action: WatchAction;
}
