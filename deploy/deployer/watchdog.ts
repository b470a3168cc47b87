/**
 * Watches that the right release serves: the health of every slot that serves, its process manager and nginx itself.
 * What it finds and does stands in the journal.
 */
import { isCanary } from '../core/canary/at-work';
import type { SlotHealth, WatchAction } from '../core/watch';
import {
  decideWatch,
  GOOD_AGAIN_AFTER,
  mayReturn,
  probeLimitMs,
  restoreAgainAfterMs,
  UNANSWERED_AFTER_MS,
} from '../core/watch';
import { asKnown } from '../core/errors';
import { crashedTooOften, recentCrashes, releaseInstead } from '../core/crashes';
import { duration, short } from '../core/format';
import { inService } from '../core/traffic-split';
import { setAside } from '../core/substitute';
import { servingSlots } from '../core/traffic-table';
import type { RunningSlot, SlotName } from '../core/slot';
import type { Table } from '../core/traffic-table';
import { isLocked } from '../journal/deployment-lock';
import type { SlotAnswer } from '../health/slot-health';
import { askSlot } from '../health/slot-health';
import type { RequestDeployment } from './requests';
import { slotsOf } from '../journal/reader';
import { endDrained, giveBack, moveAway, provenSubstitutes, signal } from './slot-restart';
import type { Watched } from './watched-slot';
import {
  countCrashes,
  countLook,
  endedUnseen,
  firstSight,
  looksAfter,
  newlyWatched,
  recentRestarts,
  wasRestarted,
} from './watched-slot';
import { establishedConnections } from '../os/connections';
import type { DeployContext } from '../context';
import { slotNamed } from '../context';
import { machineMs } from '../os/machine-clock';

const LOOK_EVERY_MS = 500;
/** Three bad looks, the end of the process and its new start have five seconds together. */
const LOOK_AGAIN_MS = 50;
/** After so many quick probes an unhealthy slot is probed as rarely as a healthy one. */
const MOST_QUICK_LOOKS = 100;
/** A health path that fails now and then is one incident. */
const HEALTHY_AFTER_MS = 10_000;

export interface Watch {
  start(): void;
  stop(): void;
}

/** @param nginx starts nginx when it is gone and says whether it had to */
export function createWatch(
  context: DeployContext,
  request: RequestDeployment,
  nginx: () => Promise<boolean>,
): Watch {
  let timer: NodeJS.Timeout | undefined;
  const watched = new Map<SlotName, Watched>();
  let engineDown = false;
  let stopped = false;

  const look = async (): Promise<void> => {
    if (await nginx()) await tell('nginx was gone and was started again');
    const table = await tableInForce();
    const slots = leftToUs(table);
    if (isBusy()) restFromItsEnd();
    forgetOthersThan(slots, [...servingSlots(table), ...asideFrom(table)]);
    const isOneOfMany = inService(table).length > 1;
    // at once: one that hangs takes its time, and the others have as long as it has
    const looks = await Promise.all(slots.map(lookAt));
    for (const seen of looks) if (seen) await act(seen, isOneOfMany);
  };

  /** A deployment watches the slot that it gives the traffic to for itself. */
  const leftToUs = (table: Table): SlotName[] => {
    const deployment = context.journal.active();
    // the page stays up while no release can be started: its slots are waiting for one
    const isDown = table.maintenance && !isBusy();
    const ours = isDown ? servingSlots(table) : [...inService(table), ...asideFrom(table)];
    return ours.filter((slot) => !looksAfter(deployment, slot));
  };

  /** Slots of the live release, in the order of the pool. */
  const liveSlots = (): SlotName[] => {
    const live = context.journal.lastLive();
    const slots = live === null ? [] : slotsOf(live);
    return context.slots.map(({ name }) => name).filter((name) => slots.includes(name));
  };

  /** Those of them whose users were moved away until they answer again. A deployment changes the table itself. */
  const asideFrom = (table: Table): SlotName[] =>
    context.journal.active() === null ? setAside(table, liveSlots()) : [];

  /** What a deployment has taken out of service may come back with the same troubles. */
  const forgetOthersThan = (slots: SlotName[], serving: SlotName[]): void => {
    const isOver = context.journal.active() === null;
    for (const [slot, state] of watched) {
      if (slots.includes(slot)) continue;
      state.badInARow = 0;
      if (isOver && !serving.includes(slot)) watched.delete(slot);
    }
  };

  /** Without its table nginx refuses everyone: one that somebody has removed is made again. */
  const tableInForce = async (): Promise<Table> => {
    try {
      return await context.traffic.current();
    } catch (error) {
      const serving = context.journal.lastLive()?.to;
      if (!serving || (isBusy() && !onlyHolds())) throw error;
      await context.traffic.shift({ active: serving.slot, standby: null });
      await tell('the traffic table was gone and was made again');
      return context.traffic.current();
    }
  };

  /** Null while the engine is down: what runs in it mostly goes on, and comes back with it where it does not. */
  const residents = async (slot: SlotName): Promise<RunningSlot[] | null> => {
    try {
      const found = await context.runtime.list(slot);
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
    const state = watched.get(slot) ?? newlyWatched();
    const running = listed.find((each) => each.slot === slot) ?? null;
    const askedAt = machineMs();
    const answer = running?.pid ? await askSlot(context, running, probeLimitMs(state.silentInARow)) : null;
    const health = answer?.health ?? 'silent';
    const tableNow = await context.traffic.current();
    const isAside = asideFrom(tableNow).includes(slot);
    const isBehindPage = tableNow.maintenance === true && !isBusy();
    // a deployment has taken it out of service meanwhile
    if (health !== 'good' && !leftToUs(await context.traffic.current()).includes(slot)) return null;
    watched.set(slot, state);
    await tellNews(slot, state, running, health);
    countLook(context, slot, state, health, askedAt);
    state.missed = health === 'silent' && (state.missed || running !== null || state.process !== null);
    if (running?.pid && state.process?.pid !== running.pid)
      state.process = firstSight(running, running.pid, state.process);
    if (running) countCrashes(context, state, running);
    const seen = { slot, running, state, answer, isAside };
    // what was killed stays visible for a moment
    const isEnding = state.restarting || (running?.pid != null && running.pid === state.ended);
    const action = isEnding ? 'nothing' : await decide(seen, health, isBehindPage);
    if (state.process && health === 'good') state.process.answered = true;
    if (health === 'good' && !running?.orphan && !isBehindPage) state.restores = newlyWatched().restores;
    return { ...seen, action };
  };

  const decide = async (
    { slot, running, state, answer, isAside }: Omit<Seen, 'action'>,
    health: SlotHealth,
    isBehindPage: boolean,
  ): Promise<WatchAction | 'return'> => {
    // it recovered after it was given up, and is verified before the page is taken down
    if (isBehindPage && state.goodInARow >= GOOD_AGAIN_AFTER) return 'restore';
    const restarts = recentRestarts(state);
    const isLive = running?.commit === context.journal.lastLive()?.to?.commit;
    const crashesTooOften =
      isLive && mayReplace(state) && crashedTooOften(state.crashes, context.config.crashes, machineMs());
    if (isAside && health === 'good' && isLive && !running?.orphan && !crashesTooOften)
      return mayReturn(state.goodInARow, restarts) ? 'return' : 'nothing';
    const users = state.users?.() ?? { answered: 0, failed: 0 };
    const badForMs = state.badInARow > 0 ? machineMs() - state.badSince : 0;
    const isUnanswered = answer?.status === null && badForMs >= UNANSWERED_AFTER_MS;
    const waiting = isUnanswered ? establishedConnections(slotNamed(context, slot).port) : 0;
    const fails = users.failed + waiting > 0;
    return decideWatch({
      running,
      health,
      badInARow: state.badInARow,
      badForMs,
      silentInARow: state.silentInARow,
      silentForMs: state.silentInARow > 0 ? machineMs() - state.silentSince : 0,
      users,
      waiting,
      hasSubstitute: fails && (await provenSubstitutes(context, slot)).length > 0,
      isBusy: isBusy(),
      answeredBefore: state.process?.answered ?? false,
      seenForMs: state.process ? machineMs() - state.process.since : 0,
      startLimitMs: context.config.limits.start * 1000,
      restarts,
      crashesTooOften,
    });
  };

  /** One rollback at a time; one that failed is followed by the next, as long as there is a release to go to. */
  const mayReplace = ({ replacedBy }: Watched): boolean =>
    replacedBy !== 'nothing' && context.journal.pending().every(({ id }) => id !== replacedBy);

  const tellNews = async (
    slot: SlotName,
    state: Watched,
    running: RunningSlot | null,
    health: SlotHealth,
  ): Promise<void> => {
    const { process: met, missed, silentInARow, warned } = state;
    if (wasRestarted(met, running) || endedUnseen(context, met, running)) {
      const why = await context.runtime.endedBy(slot);
      await tell(`${slot} ended and was started again (pid ${running?.pid})${why ? `: ${why}` : ''}`, slot);
    }
    if (health !== 'silent' && missed) await tell(`${slot} answers again`, slot);
    // after npm start nothing runs until what was live is brought back: that is no incident
    if (health === 'silent' && silentInARow === 0 && !missed && (running || met))
      await tell(`${slot} does not answer`, slot);
    if (warned) warned.goodSince = health === 'good' ? (warned.goodSince ?? machineMs()) : null;
    if (warned?.goodSince && machineMs() - warned.goodSince >= HEALTHY_AFTER_MS) {
      state.warned = null;
      state.gaveUp = false;
      await tell(`${slot} is healthy again`, slot);
    }
  };

  const act = async (seen: Seen, isOneOfMany: boolean): Promise<void> => {
    const { action, slot, state } = seen;
    switch (action) {
      case 'nothing':
        return;
      case 'warn':
        return warn(seen);
      case 'move-away':
        await moveAway(context, slot, await provenSubstitutes(context, slot));
        return;
      case 'kill':
        return killHung(seen);
      case 'restart':
        return restartUnhealthy(seen);
      case 'give-up':
        return giveUp(seen);
      case 'replace':
        return replace(seen, await crashStory(seen));
      case 'return':
        if (await giveBack(context, slot, liveSlots())) await tell(`${slot} serves its users again`, slot);
        return;
      case 'restore':
        return restore(slot, mayInterruptHold(), state);
      case 'adopt':
        // among several the others serve while it is started again where it is
        return restore(isOneOfMany ? slot : anotherThan(slot), false, state);
    }
  };

  /** Once, until it has been healthy for a while. */
  const warn = async ({ slot, state, answer }: Seen): Promise<void> => {
    if (state.warned) return;
    state.warned = { goodSince: null };
    await tell(
      `${slot} is unhealthy: ${answer?.said}. It is left running. Read its output: npm run -s logs -- ${slot}`,
      slot,
    );
  };

  const killHung = async ({ slot, running, state }: Seen): Promise<void> => {
    if (!running?.pid) return;
    state.ended = running.pid;
    state.restarts.push({ at: machineMs(), instance: running.instance, why: 'hung' });
    const proven = isBusy() ? [] : await provenSubstitutes(context, slot);
    const moved = await moveAway(context, slot, proven);
    signal(running.pid, 'SIGKILL');
    await tell(
      `${slot} hangs: its process ${running.pid} is killed and started again${meanwhile(moved, proven)}`,
      slot,
    );
  };

  const restartUnhealthy = async ({ slot, running, state, answer }: Seen): Promise<void> => {
    if (!running?.pid) return;
    const { pid, instance } = running;
    state.warned = { goodSince: null };
    state.restarts.push({ at: machineMs(), instance, why: 'unhealthy' });
    const proven = await provenSubstitutes(context, slot);
    const moved = await moveAway(context, slot, proven);
    await tell(
      `${slot} is unhealthy and fails its users: ${answer?.said}. It is restarted${meanwhile(moved, proven)}`,
      slot,
    );
    state.restarting = true;
    // the other slots are watched meanwhile
    void endDrained(context, slot, pid, moved)
      .catch((error: unknown) => console.error('watch:', error))
      .finally(() => (state.restarting = false));
  };

  const giveUp = async (seen: Seen): Promise<void> => {
    const { slot, state, answer } = seen;
    if (state.gaveUp) return;
    state.gaveUp = true;
    await moveAway(context, slot, await provenSubstitutes(context, slot));
    const story = `${slot} stays unhealthy after several restarts: ${answer?.said}`;
    if (context.config.crashes) return replace(seen, story);
    await tell(`${story}. Roll back: npm run -s rollback`, slot);
  };

  const crashStory = async ({ slot, state }: Seen): Promise<string> => {
    const crashes = recentCrashes(state.crashes, context.config.crashes, machineMs());
    const within = duration(machineMs() - (crashes[0] ?? 0));
    const why = await context.runtime.endedBy(slot);
    return `${slot} ended ${crashes.length} times in ${within}${why ? `: ${why}` : ''}`;
  };

  /** Rolls back to a release that is good by the journal. @param cause one clause, for the journal too */
  const replace = async ({ slot, state }: Seen, cause: string): Promise<void> => {
    const live = context.journal.lastLive();
    if (!live) return;
    const [standby] = await provenSubstitutes(context, slot);
    const behind = standby === undefined ? null : (await context.runtime.list(standby))[0]?.commit;
    const target = releaseInstead(context.journal.history(), live, behind ?? null);
    if (target === null) {
      state.replacedBy = 'nothing';
      const advice = `Read its output: npm run -s logs -- ${slot}`;
      return tell(`${cause}. There is no good release to roll back to. ${advice}`, slot);
    }
    await tell(`${cause}. It is rolled back to ${short(target)}`, slot);
    state.replacedBy = (await request({ kind: 'rollback', trigger: 'watch', commit: target, cause })).id;
  };

  const meanwhile = (moved: boolean, proven: SlotName[]): string =>
    moved ? `; ${proven.join(', ')} serves its users meanwhile` : '';

  const anotherThan = (slot: SlotName): SlotName =>
    context.slots.find(({ name }) => name !== slot)?.name ?? slot;

  const restore = async (slot: SlotName, atOnce: boolean, state: Watched): Promise<void> => {
    // it would only wait behind the deployment that is at work, which may fix it
    if (isBusy() && !atOnce) return;
    const serving = context.journal.lastLive()?.to;
    if (!serving || machineMs() < state.restores.notBefore) return;
    const count = state.restores.count + 1;
    state.restores = { count, notBefore: machineMs() + restoreAgainAfterMs(count) };
    await tell(`${short(serving.commit)} is started again in ${slot}`, slot);
    await request({ kind: 'restore', trigger: 'watch', commit: serving.commit, slot });
  };

  /** An attempt may take minutes: the pause before the next one counts from its end. */
  const restFromItsEnd = (): void => {
    for (const { restores } of watched.values()) {
      if (restores.count === 0) continue;
      restores.notBefore = Math.max(restores.notBefore, machineMs() + restoreAgainAfterMs(restores.count));
    }
  };

  const isBusy = (): boolean => context.journal.pending().length > 0 || isLocked(context.home);

  /** It may wait for a person for days, or go through a canary's steps, and fixes nothing meanwhile. */
  const onlyHolds = (): boolean => {
    const active = context.journal.active();
    if (active === null || active.wish === 'abort') return false;
    return isCanary(active) || (active.state === 'holding' && active.wish === null);
  };

  /** What is held makes way for what users need. Asked for once. */
  const mayInterruptHold = (): boolean =>
    onlyHolds() && context.journal.pending().every(({ kind }) => kind !== 'restore');

  const tell = (message: string, slot?: SlotName): Promise<void> =>
    context.journal.tell(null, { type: 'incident', message, ...(slot ? { slot } : {}) });

  const anyIsNews = (): boolean =>
    [...watched.values()].some(
      ({ goodInARow, badInARow }) => goodInARow < GOOD_AGAIN_AFTER && badInARow < MOST_QUICK_LOOKS,
    );

  const again = (): void => {
    if (stopped) return;
    timer = setTimeout(
      () => {
        look()
          .catch((error: unknown) => console.error('watch:', error))
          .finally(again);
      },
      anyIsNews() ? LOOK_AGAIN_MS : LOOK_EVERY_MS,
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
  /** What its health path answered; null where nothing runs that could be asked. */
  answer: SlotAnswer | null;
  /** Its users were moved to another slot. */
  isAside: boolean;
  action: WatchAction | 'return';
}
