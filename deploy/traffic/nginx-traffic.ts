/** Implements Traffic with nginx and the table: it renames a link and probes, and never touches nginx itself. */
import { cohortOf } from '../core/cohort';
import type { Traffic } from '../core/interfaces';
import type { Home } from '../home/home';
import { tableFiles } from '../core/traffic-table';
import { acceptingWorkers } from './nginx-processes';
import { dropsConnections } from './overload';
import { probe } from './probe';
import { linkedTable, linkTable, makeTables } from './table-folder';
import { workersFind } from './worker-user';

/** The time limit for a health response through nginx, in milliseconds. */
const VERIFY_TIMEOUT_MS = 5000;

/** @param httpPort nginx's port on 127.0.0.1 */
export function createTraffic({ home, httpPort }: { home: Home; httpPort: number }): Traffic {
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- other implementations may have to wait
    prepare: async (tables) => makeTables(home, tables),
    // eslint-disable-next-line @typescript-eslint/require-await
    shift: async (to) => linkTable(home, to),
    // eslint-disable-next-line @typescript-eslint/require-await
    current: async () => linkedTable(home),
    verify: (healthPath, signal, slot) => {
      const cohort = slot === undefined ? null : cohortOf(linkedTable(home), slot);
      return probe({ port: httpPort, path: healthPath, timeoutMs: VERIFY_TIMEOUT_MS, signal, cohort });
    },
    isOverloaded: async (slot) => {
      const file = tableFiles(linkedTable(home)).find((name) => name.endsWith(`.${slot}`));
      if (file === undefined || acceptingWorkers(home).length === 0) return false;
      return workersFind(home, file) && (await dropsConnections(home, httpPort));
    },
  };
}
