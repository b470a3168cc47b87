/** Polls the source for pushes whose webhook was lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { configNow } from '../config/current';
import type { PollDecision } from '../core/tip-policy';
import { abortedUnseen, decidePoll } from '../core/tip-policy';
import type { Commit } from '../core/release';
import { sourceOf, tipInSource } from '../git/mirror';
import type { RequestDeployment } from './requests';
import type { DeployContext } from '../context';

/** A webhook in transit goes first, because the client that pushed follows its deployment. */
const WEBHOOK_MAY_TAKE_MS = 3000;

/** Polls the source once. Throws E_SOURCE, E_CONFIG, E_REF. */
export async function poll(context: DeployContext, request: RequestDeployment): Promise<void> {
  const { home, root, journal } = context;
  // reads the configuration as a deployment would, so that an edit applies from the next poll on
  const { source: configured, branch } = configNow(home, root);
  const watched = { source: sourceOf(home, configured), branch };
  let state = await readState(context, watched);
  let waitedFor: Commit | null = null;
  while (state.decision === 'deploy' && state.tip !== waitedFor) {
    // a push made during this wait has its own webhook in transit, which gets the same time
    waitedFor = state.tip;
    await sleep(WEBHOOK_MAY_TAKE_MS);
    state = await readState(context, watched);
  }
  switch (state.decision) {
    case 'nothing':
      return;
    case 'remember': {
      const aborted = abortedUnseen(journal.newestOfBranch(branch), branch);
      if (aborted && state.tip !== null) await journal.note(aborted.id, { commit: state.tip });
      return journal.recordTip(watched.source, branch, state.tip);
    }
    case 'deploy':
      await request({ kind: 'deploy', trigger: 'poll', branch });
  }
}

interface WatchedBranch {
  source: string;
  branch: string;
}

async function readState(
  { home, journal }: DeployContext,
  { source, branch }: WatchedBranch,
): Promise<{ tip: Commit | null; decision: PollDecision }> {
  const lastTip = journal.lastTip(source, branch);
  const tip = await tipInSource(home, source, branch);
  // a deployment has fetched since then and knows more than this answer
  if (journal.lastTip(source, branch) !== lastTip) return { tip, decision: 'nothing' };
  const decision = decidePoll({
    tip,
    lastTip,
    live: journal.lastLive()?.to?.commit ?? null,
    branch,
    pending: journal.pending(),
    aborted: abortedUnseen(journal.newestOfBranch(branch), branch),
  });
  return { tip, decision };
}
