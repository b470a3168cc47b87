/** Probes a slot in service, reports what has changed, and decides what to do. */
import { crashedTooOften } from '../core/crashes';
import { asKnown } from '../core/errors';
import type { IncidentReason } from '../core/event';
import type { RunningSlot, SlotName } from '../core/slot';
import type { SlotHealth, WatchAction } from '../core/watch';
import {
  decideWatch,
  GOOD_AGAIN_AFTER,
  mayRegainTraffic,
  probeLimitMs,
  UNANSWERED_AFTER_MS,
} from '../core/watch';
import type { DeployContext } from '../context';
import { slotNamed } from '../context';
import type { PortWatch } from '../health/port-thief';
import type { SlotAnswer } from '../health/slot-health';
import { probeSlot } from '../health/slot-health';
import { establishedConnections } from '../os/connections';
import { machineMs } from '../os/machine-clock';
import { provenSubstitutes } from './slot-restart';
import { isBusy, reportIncident, liveSlotsOutOfRotation, slotsToWatch } from './watched-service';
import type { WatchedSlot } from './watched-slot';
import {
  countCrashes,
  countProbe,
  exitedBeforeFirstProbe,
  firstProbed,
  newWatchedSlot,
  recentRestarts,
  wasRestarted,
} from './watched-slot';

/** A health path that fails intermittently counts as one incident. */
const HEALTHY_AFTER_MS = 10_000;

/** The result of a probe, and the action to take. */
export interface ProbeResult {
  slot: SlotName;
  running: RunningSlot | null;
  state: WatchedSlot;
  /** The health path's response; null if there is no running process to probe. */
  answer: SlotAnswer | null;
  /** True if its users have been moved to another slot. */
  isOutOfRotation: boolean;
  /** A process outside the slot that has its port, as a clause. */
  thief: string | null;
  action: WatchAction | 'return';
}

/** Creates the probe, which returns null if nothing can be decided now. @param watched updated by each probe */
export function createProbe(
  context: DeployContext,
  watched: Map<SlotName, WatchedSlot>,
  portThief: PortWatch,
): (slot: SlotName) => Promise<ProbeResult | null> {
  let engineDown = false;
  const report = (reason: IncidentReason, message: string, slot?: SlotName): Promise<void> =>
    reportIncident(context, reason, message, slot);

  /** Null while the engine is down: its containers usually keep running, or come back with it. */
  const listSlot = async (slot: SlotName): Promise<RunningSlot[] | null> => {
    try {
      const found = await context.runtime.list(slot);
      const isNews = engineDown;
      engineDown = false;
      if (isNews) await report('engine', 'the engine answers again');
      return found;
    } catch (error) {
      const { code, message } = asKnown(error);
      if (code !== 'E_ENGINE') throw error;
      const isNews = !engineDown;
      engineDown = true;
      if (isNews) await report('engine', message);
      return null;
    }
  };

  const probe = async (slot: SlotName): Promise<ProbeResult | null> => {
    const listed = await listSlot(slot);
    if (listed === null) return null;
    const state = watched.get(slot) ?? newWatchedSlot();
    const running = listed.find((each) => each.slot === slot) ?? null;
    const askedAt = machineMs();
    const answer = running?.pid ? await probeSlot(context, running, probeLimitMs(state.silentInARow)) : null;
    const health = answer?.health ?? 'silent';
    const tableNow = await context.traffic.current();
    const isOutOfRotation = liveSlotsOutOfRotation(context, tableNow).includes(slot);
    const isBehindPage = tableNow.maintenance === true && !isBusy(context);
    // a deployment has taken the slot out of service since then
    if (health !== 'good' && !slotsToWatch(context, await context.traffic.current()).includes(slot))
      return null;
    watched.set(slot, state);
    await reportNews(slot, state, running, health);
    countProbe(context, slot, state, health, askedAt);
    state.missed = health === 'silent' && (state.missed || running !== null || state.process !== null);
    const metBefore = state.process?.pid;
    if (running?.pid && state.process?.pid !== running.pid)
      state.process = firstProbed(running, running.pid, state.process);
    const isNew = state.process === null || state.process.pid !== metBefore;
    const thief = await portThief(slot, health !== 'good' || isNew);
    if (running) countCrashes(context, state, running);
    if (thief !== null) state.crashes = [];
    const found = { slot, running, state, answer, isOutOfRotation, thief };
    // a killed process stays visible for a moment
    const isEnding = state.restarting || (running?.pid != null && running.pid === state.ended);
    const action = isEnding ? 'nothing' : await decide(found, health, isBehindPage);
    if (state.process && health === 'good') state.process.answered = true;
    if (health === 'good' && !running?.orphan && !isBehindPage) state.restores = newWatchedSlot().restores;
    return { ...found, action };
  };

  const decide = async (
    { slot, running, state, answer, isOutOfRotation, thief }: Omit<ProbeResult, 'action'>,
    health: SlotHealth,
    isBehindPage: boolean,
  ): Promise<WatchAction | 'return'> => {
    // the slot recovered after the watch gave up: the restore verifies it before it removes the page
    if (isBehindPage && state.goodInARow >= GOOD_AGAIN_AFTER && thief === null) return 'restore';
    const restarts = recentRestarts(state);
    const isLive = running?.commit === context.journal.lastLive()?.to?.commit;
    const crashesTooOften =
      isLive && mayReplace(state) && crashedTooOften(state.crashes, context.config.crashes, machineMs());
    if (
      isOutOfRotation &&
      health === 'good' &&
      isLive &&
      !running?.orphan &&
      !crashesTooOften &&
      thief === null
    )
      return mayRegainTraffic(state.goodInARow, restarts) ? 'return' : 'nothing';
    const users = state.users?.() ?? { answered: 0, failed: 0 };
    const badForMs = state.badInARow > 0 ? machineMs() - state.badSince : 0;
    const isUnanswered = answer?.status === null && badForMs >= UNANSWERED_AFTER_MS;
    const waiting = isUnanswered ? establishedConnections(slotNamed(context, slot).port) : 0;
    const isPortTaken = thief !== null;
    const needsSubstitute = users.failed + waiting > 0 || running?.status === 'stopping';
    return decideWatch({
      running,
      health,
      badInARow: state.badInARow,
      badForMs,
      silentInARow: state.silentInARow,
      silentForMs: state.silentInARow > 0 ? machineMs() - state.silentSince : 0,
      users,
      waiting,
      isPortTaken,
      hasSubstitute: needsSubstitute && (await provenSubstitutes(context, slot)).length > 0,
      isBusy: isBusy(context),
      answeredBefore: state.process?.answered ?? false,
      seenForMs: state.process ? machineMs() - state.process.since : 0,
      startLimitMs: context.config.limits.start * 1000,
      restarts,
      crashesTooOften,
    });
  };

  /** Allows one rollback at a time. After a failed one, the next follows while there is a release to roll back to. */
  const mayReplace = ({ replacedBy }: WatchedSlot): boolean =>
    replacedBy !== 'nothing' && context.journal.pending().every(({ id }) => id !== replacedBy);

  const reportNews = async (
    slot: SlotName,
    state: WatchedSlot,
    running: RunningSlot | null,
    health: SlotHealth,
  ): Promise<void> => {
    const { process: met, missed, silentInARow, warned } = state;
    if (wasRestarted(met, running) || exitedBeforeFirstProbe(context, met, running)) {
      const why = await context.runtime.exitReason(slot);
      const cause = why ? `: ${why}` : '';
      await report('exited', `${slot} exited and was started again (pid ${running?.pid})${cause}`, slot);
    }
    if (health !== 'silent' && missed) await report('answers', `${slot} answers again`, slot);
    // after npm start there is no process until the live release is restored, which is not an incident
    if (health === 'silent' && silentInARow === 0 && !missed && (running || met))
      await report('silent', `${slot} does not answer`, slot);
    if (warned) warned.goodSince = health === 'good' ? (warned.goodSince ?? machineMs()) : null;
    if (warned?.goodSince && machineMs() - warned.goodSince >= HEALTHY_AFTER_MS) {
      state.warned = null;
      state.gaveUp = false;
      await report('healthy', `${slot} is healthy again`, slot);
    }
  };

  return probe;
}
