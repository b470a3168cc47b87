/** What users got from one slot over the last seconds, by nginx's log. Reads on from where it read last. */
import type { UserAnswers } from '../core/watch';
import type { SlotName } from '../core/slot';
import type { Home } from '../home/home';
import { machineMs } from '../os/machine-clock';
import { hasSlotFailed, logPosition, readRequests } from './access-log';

const WINDOW_MS = 10_000;

/** Counts from now on. */
export function recentAnswers(home: Home, slot: SlotName): () => UserAnswers {
  let position = logPosition(home);
  let seen: { at: number; failed: boolean }[] = [];
  return () => {
    const read = readRequests(home, position);
    position = read.position;
    // when it was read, which does not depend on a clock that is set: nginx's own times do
    const now = machineMs();
    for (const entry of read.requests) {
      const failed = entry.kind === 'app' && entry.slot === slot ? hasSlotFailed(entry) : null;
      if (failed !== null) seen.push({ at: now, failed });
    }
    seen = seen.filter(({ at }) => at >= now - WINDOW_MS);
    const failed = seen.filter((each) => each.failed).length;
    return { answered: seen.length - failed, failed };
  };
}
