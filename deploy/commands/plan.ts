/** `deploy --plan`: the steps that a deployment would take, and how each is taken back. It changes nothing. */
import { short } from '../core/format';
import type { Commit } from '../core/types';
import { numberWanted } from '../app-variables';
import { observe } from '../pipeline/observe';
import type { Wishes } from '../pipeline/plan';
import { likelyPlan, strategyOf } from '../pipeline/plan';
import { findRelease } from '../pipeline/releases';
import { planLines } from '../reporters/plan-lines';
import type { Yard } from '../yard';
import type { Options } from './desk';

/** Exit code 0. Throws what would refuse the deployment: E_STRATEGY, E_SLOT_ACTIVE. */
export async function showPlan(
  yard: Yard,
  commit: Commit,
  asked: Pick<Wishes, 'slot' | 'hold' | 'strategy'>,
  options: Options,
): Promise<number> {
  const wishes: Wishes = { ...asked, kind: 'deploy', branch: null };
  const environment = numberWanted(yard.home, yard.journal);
  // its own settings where it was built before, else the clone's
  const app = findRelease(yard.home, commit)?.app;
  const plan = likelyPlan(yard, wishes, await observe(yard), commit, environment, app);
  const strategy = strategyOf(yard, wishes);
  if (options.json) console.log(JSON.stringify({ commit, strategy, plan }, null, 2));
  else console.log([`${strategy}, ${short(commit)}:`, ...planLines(plan)].join('\n'));
  return 0;
}
