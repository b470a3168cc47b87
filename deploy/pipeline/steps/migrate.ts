/** The step `migrate`: copies the data, runs the migration, and checks that the live release survived it. */
import { EMPTY_ENVIRONMENT } from '../../core/environment';
import { KnownError } from '../../core/errors';
import { named, printable } from '../../core/format';
import { failureLine } from '../../core/failure-line';
import { machineFault } from '../../core/machine-fault';
import type { Migration } from '../../core/deployment';
import type { Step } from '../../core/plan';
import { logPosition } from '../../traffic/access-log';
import type { Owner } from '../../os/change-owner';
import { containerUser, changeDataOwner } from '../../runtimes/compose/container-user';
import type { DeployContext } from '../../context';
import { builtRelease } from '../../context';
import { copyData, hasSchemaChanged, howToRestore } from './data-snapshot';
import { checkLive, recordLiveBaseline } from './probe-live';

const LONGEST_DETAIL = 200;

/** Returns a clause for the journal. Throws E_MIGRATE, E_TIMEOUT, E_KILLED, E_NETWORK, E_DISK, E_DATA_COPY. */
export async function migrate(
  context: DeployContext,
  { commit, environment = EMPTY_ENVIRONMENT }: Extract<Step, { do: 'migrate' }>,
  id: number,
): Promise<string> {
  const { journal, home, packing, config } = context;
  const release = builtRelease(context, commit, { by: id, environment });
  const argv = release.app.migrate;
  if (argv === null) return 'none';
  const user = await userOfData(context);
  const copy = await copyData(home, id, user);
  const report = (message: string): Promise<void> => journal.record(id, { type: 'note', message });
  if (copy !== null) await report(`copied the data to ${copy.folder}`);
  const folder = copy?.folder ?? null;
  const migration: Migration = {
    ...(await recordLiveBaseline(context)),
    liveFails: null,
    copy: folder,
    schemaChanged: null,
  };
  // recorded first, because a migration that is killed may have changed the schema
  await journal.note(id, { migration });
  const result = await packing.runOnce(argv, release, id, environment);
  const { exitCode, lastLines } = result;
  const schemaChanged = copy !== null && (await hasSchemaChanged(home, id, copy, user));
  if (copy !== null) await journal.note(id, { migration: { ...migration, schemaChanged } });
  const liveFails = await warnIfLiveFails(context, id);
  if (folder !== null && (schemaChanged || liveFails || exitCode !== 0))
    await report(`to bring the data back: ${howToRestore(home, folder)}`);
  if (exitCode === 0) return printable(lastLines.at(-1) ?? 'done').slice(0, LONGEST_DETAIL);
  const limit = { seconds: config.limits.migrate, name: 'limits.migrate' };
  const fault = machineFault('The migration', result, limit);
  if (fault !== null) throw fault;
  const why = failureLine(lastLines);
  throw new KnownError('E_MIGRATE', `The migration exited with code ${exitCode}${why && `: ${why}`}.`);
}

/** Only reports a broken live release: a migration is never undone, and only the new release fits the new schema. */
async function warnIfLiveFails(context: DeployContext, id: number): Promise<boolean> {
  const { from } = context.journal.get(id) ?? {};
  const after = await checkLive(context, id, logPosition(context.home));
  if (!after?.liveFails || !from) return false;
  const message = `a migration changed the schema, and ${named(from)} now fails: ${after.liveFails}`;
  await context.journal.record(id, { type: 'incident', reason: 'migration', message, slot: from.slot });
  return true;
}

/** The user with whose rights the data is opened: no root process opens files that containers write. */
async function userOfData({ home, config }: DeployContext): Promise<Owner | null> {
  if (config.runtime !== 'compose' || process.getuid?.() !== 0) return null;
  const user = containerUser();
  // files that an operator restored as root are the app's data, too
  await changeDataOwner(home.shared, user);
  return user;
}
