/**
 * Ensures that the right release is live: watches every slot in service, the process manager, and nginx itself. Logs
 * its findings and actions to the journal.
 */
import type { SlotName } from '../core/slot';
import { inService } from '../core/traffic-split';
import type { Table } from '../core/traffic-table';
import { servingSlots } from '../core/traffic-table';
import { GOOD_AGAIN_AFTER, restoreBackoffMs } from '../core/watch';
import type { DeployContext } from '../context';
import { createPortWatch } from '../health/port-thief';
import { machineMs } from '../os/machine-clock';
import { createActions } from './act-on-slot';
import { createProbe } from './probe-slot';
import type { RequestDeployment } from './requests';
import { correctMark } from './slot-restart';
import { isBusy, onlyHolds, reportIncident, liveSlotsOutOfRotation, slotsToWatch } from './watched-service';
import type { WatchedSlot } from './watched-slot';
import { createStandbyWatch } from './watched-standby';

const POLL_EVERY_MS = 500;
/** Three bad probes, the kill and the restart must take less than five seconds. */
const POLL_AGAIN_MS = 50;
/** After this many quick probes an unhealthy slot is probed as rarely as a healthy one. */
const MAX_QUICK_PROBES = 100;

export interface Watch {
  start(): void;
  stop(): void;
}

/** @param nginx starts nginx if it is gone, and returns whether it had to */
export function createWatch(
  context: DeployContext,
  request: RequestDeployment,
  nginx: () => Promise<boolean>,
): Watch {
  let timer: NodeJS.Timeout | undefined;
  const watched = new Map<SlotName, WatchedSlot>();
  let stopped = false;
  const portThief = createPortWatch(context);
  const probeSlot = createProbe(context, watched, portThief);
  const watchStandby = createStandbyWatch(context, portThief);
  const act = createActions(context, request);

  const probeAll = async (): Promise<void> => {
    if (await nginx()) await reportIncident(context, 'nginx', 'nginx was gone and was started again');
    const table = await tableInForce();
    const slots = slotsToWatch(context, table);
    if (isBusy(context)) restFromItsEnd();
    forgetOthersThan(slots, [...servingSlots(table), ...liveSlotsOutOfRotation(context, table)]);
    const isOneOfMany = inService(table).length > 1;
    // in parallel, so that a slot that hangs does not delay the others
    const results = await Promise.all(slots.map(probeSlot));
    for (const seen of results) if (seen) await act(seen, isOneOfMany);
    await watchStandby();
    await correctMark(
      context,
      table,
      results.flatMap((seen) => seen?.running ?? []),
    );
  };

  /** Forgets slots out of service only after a deployment, whose undo may bring them back with the same faults. */
  const forgetOthersThan = (slots: SlotName[], serving: SlotName[]): void => {
    const isOver = context.journal.active() === null;
    for (const [slot, state] of watched) {
      if (slots.includes(slot)) continue;
      state.badInARow = 0;
      if (isOver && !serving.includes(slot)) watched.delete(slot);
    }
  };

  /** Recreates a removed table: without it nginx refuses every request. */
  const tableInForce = async (): Promise<Table> => {
    try {
      return await context.traffic.current();
    } catch (error) {
      const serving = context.journal.lastLive()?.to;
      if (!serving || (isBusy(context) && !onlyHolds(context))) throw error;
      await context.traffic.shift({ active: serving.slot, standby: null });
      await reportIncident(context, 'traffic-table', 'the traffic table was gone and was recreated');
      return context.traffic.current();
    }
  };

  /** An attempt may take minutes, so the pause before the next one starts when it is over. */
  const restFromItsEnd = (): void => {
    for (const { restores } of watched.values()) {
      if (restores.count === 0) continue;
      restores.notBefore = Math.max(restores.notBefore, machineMs() + restoreBackoffMs(restores.count));
    }
  };

  const anyIsNews = (): boolean =>
    [...watched.values()].some(
      ({ goodInARow, badInARow }) => goodInARow < GOOD_AGAIN_AFTER && badInARow < MAX_QUICK_PROBES,
    );

  const again = (): void => {
    if (stopped) return;
    timer = setTimeout(
      () => {
        probeAll()
          .catch((error: unknown) => console.error('watch:', error))
          .finally(again);
      },
      anyIsNews() ? POLL_AGAIN_MS : POLL_EVERY_MS,
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
