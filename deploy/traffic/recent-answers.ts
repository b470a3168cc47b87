/** Counts users' successful and failed responses from one slot over the last seconds, from nginx's log. */
import type { UserAnswers } from '../core/watch';
import type { SlotName } from '../core/slot';
import type { Home } from '../home/home';
import { machineMs } from '../os/machine-clock';
import { hasSlotFailed, logPosition, readRequests } from './access-log';

const WINDOW_MS = 10_000;

/** Starts counting now. Each call of the returned function reads on from where the last one stopped. */
export function recentAnswers(home: Home, slot: SlotName): () => UserAnswers {
  let position = logPosition(home);
  let seen: { at: number; failed: boolean }[] = [];
  return () => {
    const read = readRequests(home, position);
    position = read.position;
    // uses the time of reading, because nginx's own timestamps jump when the system clock is set
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
