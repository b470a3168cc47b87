/**
 * Performs a deployment's first actions once without effect, so that Node loads and compiles their code in advance. It
 * only reads, and it skips the configuration, which may change before the deployment.
 */
import { schema } from '../config/schema';
import type { Home } from '../home/home';
import { Journal } from '../journal/journal';
import { createPm2Runtime } from '../runtimes/pm2';
import { probe } from '../traffic/probe';
import { linkedTable } from '../traffic/table-folder';

const NOBODY_ANSWERS_MS = 1000;

/** Never throws: the next deployment reports any fault that it finds. */
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
