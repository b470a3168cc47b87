/**
 * The hold: the release runs in the idle slot, verified, and nobody but its testers gets it, until a person promotes
 * it or aborts. It is watched meanwhile: one that dies or falls ill fails, and the runner takes everything back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { duration, named } from '../core/format';
import type { Proof } from '../core/types';
import { machineMs } from '../os/machine-clock';
import { closePreview, openPreview } from '../preview/folder';
import type { LogPosition } from '../traffic/access-log';
import { logPosition } from '../traffic/access-log';
import type { Yard } from '../yard';
import { diskWatch } from './full-disk';
import { healthWatch } from './health-watch';
import { checkLive } from './live-after-migration';
import { mustNotBeInTheWay } from './make-way';

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
  yard: Yard,
  proof: Proof,
  { deploymentId, onHold, signal }: Hold,
): Promise<string> {
  const { journal, home } = yard;
  const tell = (message: string): Promise<void> => journal.tell(deploymentId, { type: 'warning', message });
  const look = healthWatch(yard, proof, {
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
    return await untilPromoted(yard, deploymentId, signal, async (promoted) => {
      onHold();
      if (!promoted && looks++ % HEALTH_EVERY_LOOKS > 0) return false;
      if (!promoted && machineMs() >= nextLook) {
        nextLook = machineMs() + LIVE_EVERY_MS;
        from = await tellIfLiveFails(yard, deploymentId, from);
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
async function tellIfLiveFails(yard: Yard, id: number, from: LogPosition): Promise<LogPosition> {
  const { from: live, migration } = yard.journal.get(id) ?? {};
  if (!live || !migration) return from;
  const next = logPosition(yard.home);
  const after = await checkLive(yard, id, from);
  if (after?.liveFails && migration.liveFails === null) {
    const message = `${named(live)} now fails: ${after.liveFails}; promote is what helps: npm run -s promote`;
    await yard.journal.tell(id, { type: 'incident', message, slot: live.slot });
  }
  return next;
}

/**
 * Waits for a person's yes, and returns it as a clause for the journal. Throws the signal's reason, and E_ABORTED for
 * what cannot wait for a person.
 * @param isReady called all the time, and told of the yes; false lets that wait
 */
export async function untilPromoted(
  { journal }: Yard,
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
    mustNotBeInTheWay(journal.pending(), 'held');
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
