/**
 * What a deployment does first, done once for nothing: what Node loads and compiles at its first use is then there.
 * It only reads. The configuration is left out, since it may change before it is needed.
 */
import { schema } from '../config/schema';
import type { Home } from '../home/home';
import { Journal } from '../journal/journal';
import { createPm2Runtime } from '../runtimes/pm2';
import { probe } from '../traffic/probe';
import { linkedTable } from '../traffic/table-folder';

const NOBODY_ANSWERS_MS = 1000;

/** Never throws: what is amiss is told by the deployment that meets it. */
export async function warmUp(home: Home): Promise<void> {
  schema.parse({});
  const scenes = [
    () => readJournal(home),
    () => linkedTable(home),
    () => createPm2Runtime({ home, stopSeconds: 0 }).list(),
    () => probe({ socketPath: home.socket, path: '/health', timeoutMs: NOBODY_ANSWERS_MS }),
  ];
  for (const scene of scenes)
    await Promise.resolve()
      .then(scene)
      .catch(() => undefined);
}

function readJournal(home: Home): void {
  const journal = Journal.open(home);
  journal.pending();
  journal.close();
}
