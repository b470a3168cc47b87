/** The command that migrates the shared database to this release's schema, run once before the release starts. */
import { readConfig } from './config';
import { Database } from './database';
import { migrate } from './migrations';

/** Concurrent migrations run one at a time; the second waits for the first. The caller has its own time limit. */
const RETRY_LIMIT_MS = 60_000;

async function main(): Promise<void> {
  const { databaseFile } = readConfig(process.env);
  const database = new Database(databaseFile, RETRY_LIMIT_MS);
  const applied = await migrate(database);
  database.close();
  for (const { number, name } of applied) console.log(`applied migration ${number} (${name})`);
  if (applied.length === 0) console.log('nothing to migrate');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
