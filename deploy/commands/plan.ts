/** `deploy --plan`, `rollback --plan`: prints the steps of a deployment and the undo of each. Changes nothing. */
import { jsonText, terminalText } from '../core/terminal-text';
import { short } from '../core/format';
import type { Commit } from '../core/release';
import { numberInForce, nextNumber } from '../config/app-environment';
import { observe } from '../health/observe';
import type { Requested } from '../pipeline/plan';
import { likelyPlan, strategyOf } from '../pipeline/plan';
import { findRelease } from '../release/releases';
import { planLines } from '../reporters/plan-lines';
import type { DeployContext } from '../context';
import type { Options } from './run-command';

/** Exit code 0. Throws the errors that would reject the deployment: E_STRATEGY, E_SLOT_ACTIVE. */
export async function showPlan(
  context: DeployContext,
  commit: Commit,
  asked: Omit<Requested, 'branch'>,
  options: Options,
): Promise<number> {
  const requested: Requested = { ...asked, branch: null };
  const environmentOf = asked.kind === 'deploy' ? nextNumber : numberInForce;
  const environment = environmentOf(context.home, context.journal);
  // the commit's own settings if it was built before, else the clone's
  const app = findRelease(context.home, commit)?.app;
  const observed = await observe(context);
  const plan = likelyPlan(context, requested, observed, commit, environment, app);
  const strategy = strategyOf(context, requested, observed);
  if (options.json) console.log(jsonText({ commit, strategy, plan }));
  else console.log(terminalText([`${strategy}, ${short(commit)}:`, ...planLines(plan)].join('\n')));
  return 0;
}
