/**
 * The hold: the release runs in the idle slot, verified, and nobody but its testers gets it, until a person promotes
 * it or aborts. It is watched meanwhile: one that dies or falls ill fails, and the runner takes everything back.
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
import { healthWatch } from '../../health/health-watch';
import { checkLive } from './probe-live';
import { yieldToUrgent } from './yield-to-urgent';

const LOOK_EVERY_MS = 100;
/** A person's word is acted on at once; asking the process manager so often, for days, would be dear. */
const HEALTH_EVERY_LOOKS = 5;
/** The release that is live may fail late for a migration that was run for the held one. */
const LIVE_EVERY_MS = 2000;

export interface Hold {
  deploymentId: number;
  /** Called all the time while it waits. */
  onHold: () => void;
  signal?: AbortSignal;
}

/**
 * Returns when a person promotes it, as a clause for the journal. Throws what ends it: the signal's reason,
 * E_ABORTED for what cannot wait for a person, E_EXITED, E_UNHEALTHY, E_ENGINE when it went down with the engine.
 */
export async function hold(
  context: DeployContext,
  proof: Proof,
  { deploymentId, onHold, signal }: Hold,
): Promise<string> {
  const { journal, home } = context;
  const tell = (message: string): Promise<void> => journal.tell(deploymentId, { type: 'warning', message });
  const look = healthWatch(context, proof, {
    code: 'E_UNHEALTHY',
    tell,
    mayBeReplaced: false,
    disk: diskWatch(home, tell, 'report'),
  });
  // one whose process was killed while it was held is held already, and keeps its testers
  const begins = journal.get(deploymentId)?.state === 'running';
  if (begins) closePreview(home);
  try {
    openPreview(home, proof.slot);
    if (begins) await journal.hold(deploymentId);
    let looks = 0;
    let from = logPosition(home);
    let nextLook = 0;
    return await untilPromoted(context, deploymentId, signal, async (promoted) => {
      onHold();
      if (!promoted && looks++ % HEALTH_EVERY_LOOKS > 0) return false;
      if (!promoted && machineMs() >= nextLook) {
        nextLook = machineMs() + LIVE_EVERY_MS;
        from = await tellIfLiveFails(context, deploymentId, from);
      }
      // while the engine is away nobody can say whether it is still what was tried: a promotion waits
      return (await look()) === 'well';
    });
  } finally {
    // whoever tries it is among the users again, at once
    closePreview(home);
  }
}

/** Reports it when it begins to fail. Returns from where the next look reads. */
async function tellIfLiveFails(context: DeployContext, id: number, from: LogPosition): Promise<LogPosition> {
  const { from: live, migration } = context.journal.get(id) ?? {};
  if (!live || !migration) return from;
  const next = logPosition(context.home);
  const after = await checkLive(context, id, from);
  if (after?.liveFails && migration.liveFails === null) {
    const message = `${named(live)} now fails: ${after.liveFails}; promote is what helps: npm run -s promote`;
    await context.journal.tell(id, { type: 'incident', message, slot: live.slot });
  }
  return next;
}

/**
 * Waits for a person's yes, and returns it as a clause for the journal. Throws the signal's reason, and E_ABORTED for
 * what cannot wait for a person.
 * @param isReady called all the time, and told of the yes; false lets that wait
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
    const promoted = held?.wish === 'promote';
    const ready = await isReady(promoted);
    if (promoted && ready) return `promoted after ${duration(Date.now() - (held.heldAt ?? 0))}`;
    yieldToUrgent(journal.pending(), 'held');
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
