/**
 * The step `hold`: the release runs verified in the idle slot, and only testers reach it until an operator promotes or
 * aborts it. If it exits or becomes unhealthy in that time, the step throws and the runner undoes the deployment.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { duration, named } from '../../core/format';
import type { Proof } from '../../core/slot';
import { machineMs } from '../../os/machine-clock';
import { closePreview, openPreview } from '../../traffic/preview-tokens';
import type { LogPosition } from '../../traffic/access-log';
import { logPosition } from '../../traffic/access-log';
import type { DeployContext } from '../../context';
import { diskWatch } from '../../health/disk-watch';
import type { Warn } from '../../health/process-watch';
import { healthWatch } from '../../health/health-watch';
import { checkLive } from './probe-live';
import { yieldToUrgent } from './yield-to-urgent';

const POLL_EVERY_MS = 100;
/** Operator requests are polled more often. Querying the process manager as often, for days, would be expensive. */
const HEALTH_EVERY_POLLS = 5;
/** A migration for the held release may break the live one long after it ran. */
const LIVE_EVERY_MS = 2000;

export interface HoldOptions {
  deploymentId: number;
  /** Called continuously while it waits. */
  onHold: () => void;
  signal?: AbortSignal;
}

/**
 * Returns a clause for the journal once an operator promotes it. Throws the signal's reason, E_ABORTED for an urgent
 * deployment, E_EXITED, E_KILLED, E_UNHEALTHY, and E_ENGINE if the release went down with the engine.
 */
export async function hold(
  context: DeployContext,
  proof: Proof,
  { deploymentId, onHold, signal }: HoldOptions,
): Promise<string> {
  const { journal, home } = context;
  const warn: Warn = (message) => journal.warn(deploymentId, message);
  const check = healthWatch(context, proof, {
    code: 'E_UNHEALTHY',
    warn,
    mayBeReplaced: false,
    disk: diskWatch(home, warn, 'report'),
  });
  // after a recovery the deployment is already held and keeps its testers
  const begins = journal.get(deploymentId)?.state === 'running';
  if (begins) closePreview(home);
  try {
    openPreview(home, proof.slot);
    if (begins) await journal.hold(deploymentId);
    let polls = 0;
    let from = logPosition(home);
    let nextLook = 0;
    return await untilPromoted(context, deploymentId, signal, async (promoted) => {
      onHold();
      if (!promoted && polls++ % HEALTH_EVERY_POLLS > 0) return false;
      if (!promoted && machineMs() >= nextLook) {
        nextLook = machineMs() + LIVE_EVERY_MS;
        from = await warnIfLiveFails(context, deploymentId, from);
      }
      // while the engine is down it is unknown whether this is the held process, so the promotion waits
      return (await check()) === 'healthy';
    });
  } finally {
    // testers immediately become ordinary users again
    closePreview(home);
  }
}

/** Reports when the live release starts to fail. Returns the log position for the next check. */
async function warnIfLiveFails(context: DeployContext, id: number, from: LogPosition): Promise<LogPosition> {
  const { from: live, migration } = context.journal.get(id) ?? {};
  if (!live || !migration) return from;
  const next = logPosition(context.home);
  const after = await checkLive(context, id, from);
  if (after?.liveFails && migration.liveFails === null) {
    const message = `${named(live)} now fails: ${after.liveFails}; to fix it: ./switchyard promote`;
    await context.journal.record(id, { type: 'incident', reason: 'migration', message, slot: live.slot });
  }
  return next;
}

/**
 * Waits until an operator promotes, and returns a clause for the journal. Throws the signal's reason, and E_ABORTED for
 * an urgent deployment.
 * @param isReady called continuously with whether an operator has promoted; false delays the promotion
 */
export async function untilPromoted(
  { journal }: DeployContext,
  id: number,
  signal: AbortSignal | undefined,
  isReady: (promoted: boolean) => Promise<boolean>,
): Promise<string> {
  for (;;) {
    signal?.throwIfAborted();
    const held = journal.get(id);
    const promoted = held?.request === 'promote';
    const ready = await isReady(promoted);
    if (promoted && ready) return `promoted after ${duration(Date.now() - (held.heldAt ?? 0))}`;
    yieldToUrgent(journal.pending(), 'held');
    await sleep(POLL_EVERY_MS, undefined, { signal });
  }
}
