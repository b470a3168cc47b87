/** Carries out the watch's decision for a slot: warn, move its users, restart it, replace its release. */
import { recentCrashes, releaseInstead } from '../core/crashes';
import { duration, short } from '../core/format';
import type { IncidentReason } from '../core/event';
import type { SlotName } from '../core/slot';
import { restoreBackoffMs } from '../core/watch';
import type { DeployContext } from '../context';
import { takenPort } from '../health/port-thief';
import { machineMs } from '../os/machine-clock';
import type { ProbeResult } from './probe-slot';
import type { RequestDeployment } from './requests';
import {
  drainAndKill,
  restoreTraffic,
  moveTrafficAway,
  provenSubstitutes,
  showMaintenancePage,
  signal,
} from './slot-restart';
import { isBusy, liveSlots, mayInterruptHold, reportIncident } from './watched-service';
import type { WatchedSlot } from './watched-slot';

/** Returns the function that carries out an action. With several slots in service, a slot is restarted in place. */
export function createActions(
  context: DeployContext,
  request: RequestDeployment,
): (seen: ProbeResult, isOneOfMany: boolean) => Promise<void> {
  const report = (reason: IncidentReason, message: string, slot: SlotName): Promise<void> =>
    reportIncident(context, reason, message, slot);

  const act = async (seen: ProbeResult, isOneOfMany: boolean): Promise<void> => {
    const { action, slot, state } = seen;
    switch (action) {
      case 'nothing':
        return;
      case 'warn':
        return warn(seen);
      case 'move-away':
        await moveTrafficAway(context, slot, await provenSubstitutes(context, slot));
        return;
      case 'shut-out':
        return shutOut(seen);
      case 'kill':
        return killHung(seen);
      case 'restart':
        return restartUnhealthy(seen);
      case 'give-up':
        return giveUp(seen);
      case 'replace':
        return replace(seen, 'crashes', await crashStory(seen));
      case 'return':
        if (await restoreTraffic(context, slot, liveSlots(context)))
          await report('returned', `${slot} serves its users again`, slot);
        return;
      case 'restore':
        return restore(slot, mayInterruptHold(context), state);
      case 'adopt':
        // if there are several slots, the others serve users while this one restarts in place
        return restore(isOneOfMany ? slot : anotherThan(slot), false, state);
    }
  };

  /** Warns once, until the slot has been healthy for a while. */
  const warn = async ({ slot, state, answer }: ProbeResult): Promise<void> => {
    if (state.warned) return;
    state.warned = { goodSince: null };
    await report(
      'unhealthy',
      `${slot} is unhealthy: ${answer?.message}. It is left running. Read its output: ./switchyard logs ${slot}`,
      slot,
    );
  };

  /** Fails closed: without a substitute, users get the maintenance page and the release is started in another slot. */
  const shutOut = async ({ slot, state, thief }: ProbeResult): Promise<void> => {
    const proven = await provenSubstitutes(context, slot);
    const moved = await moveTrafficAway(context, slot, proven);
    const what = takenPort(context, slot, thief ?? '');
    if (moved) return report('port-taken', `${what}${meanwhile(moved, proven)}`, slot);
    if (proven.length > 0) return;
    if (await showMaintenancePage(context, slot))
      await report('port-taken', `${what}; users get the maintenance page`, slot);
    await restore(anotherThan(slot), false, state);
  };

  const killHung = async ({ slot, running, state }: ProbeResult): Promise<void> => {
    if (!running?.pid) return;
    state.ended = running.pid;
    state.restarts.push({ at: machineMs(), instance: running.instance, why: 'hung' });
    const proven = isBusy(context) ? [] : await provenSubstitutes(context, slot);
    const moved = await moveTrafficAway(context, slot, proven);
    signal(running.pid, 'SIGKILL');
    await report(
      'hung',
      `${slot} hangs: its process ${running.pid} is killed and started again${meanwhile(moved, proven)}`,
      slot,
    );
  };

  const restartUnhealthy = async ({ slot, running, state, answer }: ProbeResult): Promise<void> => {
    if (!running?.pid) return;
    const { pid, instance } = running;
    state.warned = { goodSince: null };
    state.restarts.push({ at: machineMs(), instance, why: 'unhealthy' });
    const proven = await provenSubstitutes(context, slot);
    const moved = await moveTrafficAway(context, slot, proven);
    await report(
      'unhealthy',
      `${slot} is unhealthy and fails its users: ${answer?.message}. It is restarted${meanwhile(moved, proven)}`,
      slot,
    );
    state.restarting = true;
    // not awaited, so that the other slots stay watched
    void drainAndKill(context, slot, pid, moved)
      .catch((error: unknown) => console.error('watch:', error))
      .finally(() => (state.restarting = false));
  };

  const giveUp = async (seen: ProbeResult): Promise<void> => {
    const { slot, state, answer } = seen;
    if (state.gaveUp) return;
    state.gaveUp = true;
    await moveTrafficAway(context, slot, await provenSubstitutes(context, slot));
    const story = `${slot} stays unhealthy after several restarts: ${answer?.message}`;
    if (context.config.crashes) return replace(seen, 'unhealthy', story);
    await report('unhealthy', `${story}. Roll back: ./switchyard rollback`, slot);
  };

  const crashStory = async ({ slot, state }: ProbeResult): Promise<string> => {
    const crashes = recentCrashes(state.crashes, context.config.crashes, machineMs());
    const within = duration(machineMs() - (crashes[0] ?? 0));
    const why = await context.runtime.exitReason(slot);
    return `${slot} exited ${crashes.length} times in ${within}${why ? `: ${why}` : ''}`;
  };

  /**
   * Rolls back to a release that is good according to the journal.
   * @param cause one clause, which is also journalled
   */
  const replace = async (
    { slot, state }: ProbeResult,
    reason: IncidentReason,
    cause: string,
  ): Promise<void> => {
    const live = context.journal.lastLive();
    if (!live) return;
    const [standby] = await provenSubstitutes(context, slot);
    const behind = standby === undefined ? null : (await context.runtime.list(standby))[0]?.commit;
    const target = releaseInstead(context.journal.history(), live, behind ?? null);
    if (target === null) {
      state.replacedBy = 'nothing';
      const advice = `Read its output: ./switchyard logs ${slot}`;
      return report(reason, `${cause}. There is no good release to roll back to. ${advice}`, slot);
    }
    await report(reason, `${cause}. It is rolled back to ${short(target)}`, slot);
    state.replacedBy = (await request({ kind: 'rollback', trigger: 'watch', commit: target, cause })).id;
  };

  const meanwhile = (moved: boolean, proven: SlotName[]): string =>
    moved ? `; ${proven.join(', ')} serves its users in the meantime` : '';

  const anotherThan = (slot: SlotName): SlotName =>
    context.slots.find(({ name }) => name !== slot)?.name ?? slot;

  const restore = async (slot: SlotName, atOnce: boolean, state: WatchedSlot): Promise<void> => {
    // a restore would only wait behind the running deployment, which may fix the slot
    if (isBusy(context) && !atOnce) return;
    const serving = context.journal.lastLive()?.to;
    if (!serving || machineMs() < state.restores.notBefore) return;
    const count = state.restores.count + 1;
    state.restores = { count, notBefore: machineMs() + restoreBackoffMs(count) };
    await report('restored', `${short(serving.commit)} is started again in ${slot}`, slot);
    await request({ kind: 'restore', trigger: 'watch', commit: serving.commit, slot });
  };

  return act;
}
