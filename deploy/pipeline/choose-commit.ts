/** Chooses the commit of a branch to deploy: the tip in the source, if it is new. */
import { setTimeout as delay } from 'node:timers/promises';
import { KnownError } from '../core/errors';
import { short } from '../core/format';
import { decideTip } from '../core/tip-policy';
import type { Deployment } from '../core/deployment';
import type { Entry } from '../core/event';
import type { Commit } from '../core/release';
import type { Serving } from '../core/slot';
import { valueAt } from '../config/settings';
import { sourceOf, updateMirror } from '../git/mirror';
import { hasCommit, tipOf } from '../git/mirror-commits';
import type { Home } from '../home/home';
import { machineMs } from '../os/machine-clock';
import type { DeployContext } from '../context';
import { deploymentMark } from '../os/marked-processes';
import { phase } from '../journal/phase';

export interface NothingNew {
  nothingNew: Commit;
}
export type Tip = { commit: Commit } | NothingNew;

/** A source may send its webhook before it shows the new tip. */
const SOURCE_MAY_LAG_MS = 10_000;
const ASK_AGAIN_MS = 500;

/**
 * Fetches the branch and returns its tip. Asks the source again for some seconds while it does not show the tip that
 * the webhook announced. Throws E_SOURCE, E_REF, E_DISK.
 */
export function fetchTip(
  context: DeployContext,
  { id, expected }: Pick<Deployment, 'id' | 'expected'>,
  branch: string,
  signal: AbortSignal,
): Promise<Commit> {
  const { home, config } = context;
  const report = (entry: Entry): Promise<void> => context.journal.record(id, entry);
  return phase({ report, signal }, 'fetch', async () => {
    const deadline = machineMs() + SOURCE_MAY_LAG_MS;
    for (;;) {
      await updateMirror(home, sourceOf(home, config.source), {
        deploymentMark: deploymentMark(home.logs, id),
        signal,
        report: (message) => context.journal.warn(id, message),
      });
      if (!(await isAwaited(home, expected)) || machineMs() > deadline) return tipOf(home, branch);
      await delay(ASK_AGAIN_MS, undefined, { signal });
    }
  });
}

/** True if the source does not show the announced tip yet. */
async function isAwaited(home: Home, expected: Commit | null): Promise<boolean> {
  return expected !== null && !(await hasCommit(home, expected));
}

/**
 * Decides whether to deploy the tip just fetched, and records the tip as seen. Throws E_BAD_COMMIT, and E_SOURCE if the
 * source still shows the tip from before the webhook.
 */
export async function chooseTip(
  { home, config, journal }: DeployContext,
  { id, trigger, expected }: Pick<Deployment, 'id' | 'trigger' | 'expected'>,
  branch: string,
  commit: Commit,
  serving: Serving | null,
): Promise<Tip> {
  const source = sourceOf(home, config.source);
  const lastTip = journal.lastTip(source, branch);
  if (commit === lastTip && expected !== null && (await isAwaited(home, expected))) {
    const message = `The source still shows ${short(commit)}, not ${short(expected)} as the webhook announced.`;
    throw new KnownError(
      'E_SOURCE',
      message,
      'Nothing to do: the deployer polls the source every minute ("schedules.poll").',
    );
  }
  const decision = decideTip({
    tip: commit,
    lastTip,
    serving: serving?.commit ?? null,
    history: journal.verdicts(commit),
    trigger,
    setting: (name) => valueAt(config, name.split('.')),
  });
  // without a new tip the row gets no commit, because no release is deployed
  const isNew = decision.do !== 'nothing-new';
  await journal.recordTip(source, branch, commit, isNew ? { id, facts: { commit } } : undefined);
  if (!isNew) return { nothingNew: commit };
  if (decision.do === 'deploy') return { commit };
  throw new KnownError('E_BAD_COMMIT', `${short(commit)} failed before: ${decision.cause}`);
}
