/** Chooses the commit of a branch to deploy: the tip in the source, if it is new. */
import { KnownError } from '../core/errors';
import { short } from '../core/format';
import { decideTip } from '../core/tip-policy';
import type { Deployment } from '../core/deployment';
import type { Entry } from '../core/event';
import type { Commit } from '../core/release';
import type { Serving } from '../core/slot';
import { valueAt } from '../config/load';
import { sourceOf, updateMirror } from '../git/mirror';
import { tipOf } from '../git/mirror-commits';
import type { DeployContext } from '../context';
import { deploymentMark } from '../os/marked-processes';
import { phase } from '../journal/phase';

export interface NothingNew {
  nothingNew: Commit;
}
export type Tip = { commit: Commit } | NothingNew;

/** Fetches the branch and returns its tip. Throws E_SOURCE, E_REF, E_DISK. */
export function fetchTip(
  context: DeployContext,
  { id }: Deployment,
  branch: string,
  signal: AbortSignal,
): Promise<Commit> {
  const { home, config } = context;
  const report = (entry: Entry): Promise<void> => context.journal.record(id, entry);
  return phase({ report, signal }, 'fetch', async () => {
    await updateMirror(home, sourceOf(home, config.source), {
      deploymentMark: deploymentMark(home.logs, id),
      signal,
      report: (message) => context.journal.record(id, { type: 'warning', message }),
    });
    return tipOf(home, branch);
  });
}

/** Decides whether to deploy the tip just fetched, and records in the journal that it was seen. Throws E_BAD_COMMIT. */
export async function chooseTip(
  { home, config, journal }: DeployContext,
  { id, trigger }: Deployment,
  branch: string,
  commit: Commit,
  serving: Serving | null,
): Promise<Tip> {
  const source = sourceOf(home, config.source);
  const decision = decideTip({
    tip: commit,
    lastTip: journal.lastTip(source, branch),
    serving: serving?.commit ?? null,
    history: journal.verdicts(commit),
    trigger,
    setting: (name) => valueAt(config, name.split('.')),
  });
  // the row gets no commit when nothing is new: this is not an attempt to make it live
  const isNew = decision.do !== 'nothing-new';
  await journal.recordTip(source, branch, commit, isNew ? { id, facts: { commit } } : undefined);
  if (!isNew) return { nothingNew: commit };
  if (decision.do === 'deploy') return { commit };
  throw new KnownError('E_BAD_COMMIT', `${short(commit)} failed before: ${decision.cause}`);
}
