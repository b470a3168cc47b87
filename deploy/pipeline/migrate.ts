/** The step `migrate`: the data is copied, the migration runs, and the release that is live must have survived it. */
import { EMPTY } from '../core/environment';
import { KnownError } from '../core/errors';
import { named, printable } from '../core/format';
import { tellingLine } from '../core/telling';
import type { Migration, Step } from '../core/types';
import { logPosition } from '../traffic/access-log';
import type { Yard } from '../yard';
import { builtRelease } from '../yard';
import { copyData, hasMoved, howToRestore } from './data-copy';
import { checkLive, liveBefore } from './live-after-migration';

const LONGEST_DETAIL = 200;

/** Returns a clause for the journal. Throws E_MIGRATE, E_DISK, E_DATA_COPY. */
export async function migrate(
  yard: Yard,
  { commit, environment = EMPTY }: Extract<Step, { do: 'migrate' }>,
  id: number,
): Promise<string> {
  const { journal, home, packing } = yard;
  const release = builtRelease(yard, commit);
  const argv = release.app.migrate;
  if (argv === null) return 'none';
  const copy = copyData(home, id);
  if (copy !== null) {
    const message = `copied the data to ${copy}; to bring it back: ${howToRestore(home, copy)}`;
    await journal.tell(id, { type: 'note', message });
  }
  const migration: Migration = { ...(await liveBefore(yard)), liveFails: null, copy, moved: null };
  // noted first: a migration whose process is killed may have changed the schema
  await journal.note(id, { migration });
  const { exitCode, lastLines } = await packing.runOnce(argv, release, id, environment);
  if (copy !== null) {
    const moved = hasMoved(home, copy);
    await journal.note(id, { migration: { ...migration, moved } });
  }
  await tellWhetherLiveFails(yard, id);
  if (exitCode === 0) return printable(lastLines.at(-1) ?? 'done').slice(0, LONGEST_DETAIL);
  const why = tellingLine(lastLines);
  throw new KnownError('E_MIGRATE', `The migration ended with code ${exitCode}${why && `: ${why}`}.`);
}

/**
 * It goes on all the same: a migration is never undone, and only the new release was made for the schema.
 */
async function tellWhetherLiveFails(yard: Yard, id: number): Promise<void> {
  const { from } = yard.journal.get(id) ?? {};
  const after = await checkLive(yard, id, logPosition(yard.home));
  if (!after?.liveFails || !from) return;
  const message = `the schema moved, and ${named(from)} now fails: ${after.liveFails}`;
  await yard.journal.tell(id, { type: 'incident', message, slot: from.slot });
}
