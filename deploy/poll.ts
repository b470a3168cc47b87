/** Looks for pushes whose webhook was lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from './config';
import type { PollDecision } from './core/seen';
import { abortedUnseen, decidePoll } from './core/seen';
import type { Commit } from './core/types';
import { sourceOf, tipInSource } from './git/mirror';
import type { RequestDeployment } from './requests';
import { readSettings } from './settings';
import type { Yard } from './yard';

/** A webhook that is on its way comes first, and whoever pushed follows its deployment. */
const WEBHOOK_MAY_TAKE_MS = 3000;

/** One look at the source. Throws E_SOURCE, E_CONFIG, E_REF. */
export async function poll(yard: Yard, request: RequestDeployment): Promise<void> {
  const { home, root, journal } = yard;
  // as a deployment would find it: an edit of the file counts from the next one on
  const { source: configured, branch } = loadConfig(root, readSettings(home.settings));
  const source = sourceOf(home, configured);
  const tip = await tipInSource(home, source, branch);
  if (decision(yard, source, branch, tip) === 'deploy') await sleep(WEBHOOK_MAY_TAKE_MS);
  switch (decision(yard, source, branch, tip)) {
    case 'nothing':
      return;
    case 'remember': {
      const aborted = abortedUnseen(journal.history(), branch);
      if (aborted && tip !== null) await journal.note(aborted.id, { commit: tip });
      return journal.saw(source, branch, tip);
    }
    case 'deploy':
      await request({ kind: 'deploy', trigger: 'poll', branch });
  }
}

function decision({ journal }: Yard, source: string, branch: string, tip: Commit | null): PollDecision {
  return decidePoll({
    tip,
    lastSeen: journal.lastSeen(source, branch),
    live: journal.lastLive()?.to?.commit ?? null,
    branch,
    pending: journal.pending(),
    aborted: abortedUnseen(journal.history(), branch),
  });
}
