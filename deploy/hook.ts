/**
 * Git's hooks for a push to `live`. `hook.js pre-receive` rejects the push if another source is configured. `hook.js
 * post-receive` posts a webhook as GitHub would and follows the deployment to its last line.
 */
import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustBeInPlace } from './home/clone-place';
import { deployerInfo } from './client/control-client';
import { problemLine } from './config/load';
import { KnownError, asKnown } from './core/errors';
import { isOver } from './core/transitions';
import type { Deployment } from './core/deployment';
import { printable } from './core/format';
import { terminalText } from './core/terminal-text';
import { flushFileSystems } from './os/flush';
import { follow, untilBranchFollows } from './client/follow';
import { withoutPassword } from './core/redact-url';
import { lacksLive } from './core/lacks-live';
import { countLacking } from './git/live-in-push';
import { homeAt } from './home/home';
import { machineMs } from './os/machine-clock';
import { adaptSigns } from './os/terminal';
import { speak, words } from './reporters/words';
import { plainReporter } from './reporters/plain';
import { readSecret } from './home/webhook-secret';
import { driftNow, servingNow } from './health/serving';
import type { Push, PushAnswer } from './client/post-webhook';
import { notTheDeployer, postPush } from './client/post-webhook';
import type { DeployContext } from './context';
import { openContext } from './context';

const DEPLOYER_MAY_BE_GONE_MS = 5000;
const POST_AGAIN_AFTER_MS = 100;
/** Git's id for the new tip of a deleted branch. */
const NO_COMMIT = /^0+$/;

interface Update {
  before: string;
  after: string;
  ref: string;
}

async function main(): Promise<void> {
  adaptSigns([process.stdout, process.stderr]);
  // over a local push, and over SSH where sshd accepts LC_*, this is the pusher's locale
  speak(undefined);
  const home = homeAt(process.env.SWITCHYARD_HOME ?? '');
  const clone = (await deployerInfo(home))?.clone;
  if (clone) mustBeInPlace(clone);
  const context = openContext(home, process.env.SWITCHYARD_ROOT ?? '');
  if (context.configProblem && process.argv[2] === 'pre-receive')
    console.log(problemLine(context.configProblem));
  const updates = await readUpdates();
  if (process.argv[2] === 'pre-receive') {
    refuseWhenSourceIsElsewhere(context);
    return refuseWithoutLive(context, updates);
  }
  // git acknowledges the push when this process exits
  const flushed = flushFileSystems([home.pushGit]);
  flushed.catch(() => undefined);
  for (const update of updates) await postAndFollow(context, update);
  await flushed;
}

function refuseWhenSourceIsElsewhere({ config }: DeployContext): void {
  if (config.source === null) return;
  console.log(
    `✗ ${words().nothingPushed(`commits come from ${printable(withoutPassword(config.source))}.`)}`,
  );
  console.log(`  Push there: git push origin ${config.branch}`);
  process.exitCode = 1;
}

/** Rejects an unforced push that would remove live commits. Throws E_LACKS_LIVE. */
async function refuseWithoutLive({ home, config, journal }: DeployContext, updates: Update[]): Promise<void> {
  const update = updates.find(
    ({ ref, after }) => ref === `refs/heads/${config.branch}` && !NO_COMMIT.test(after),
  );
  const live = journal.lastLive()?.to?.commit;
  if (config.source !== null || update === undefined || live === undefined) return;
  const quarantine = process.env.GIT_QUARANTINE_PATH;
  const lacking = await countLacking(home, live, update.after, quarantine);
  if (lacking === null || lacking === 0 || isForced(process.env)) return;
  // git itself refuses to drop commits of the branch without --force
  const dropped = NO_COMMIT.test(update.before)
    ? 0
    : await countLacking(home, update.before, update.after, quarantine);
  if (dropped !== 0) return;
  throw new KnownError('E_LACKS_LIVE', `This push ${lacksLive(lacking)}.`);
}

/** `git push -o force`. */
function isForced({ GIT_PUSH_OPTION_COUNT, ...env }: NodeJS.ProcessEnv): boolean {
  return Array.from({ length: Number(GIT_PUSH_OPTION_COUNT ?? 0) }).some(
    (_, at) => env[`GIT_PUSH_OPTION_${at}`] === 'force',
  );
}

async function postAndFollow(context: DeployContext, update: Update): Promise<void> {
  const answer = await postPatiently(context, {
    port: context.config.deployer.port,
    secret: readSecret(context.home),
    delivery: randomUUID(),
    ...update,
  });
  if ('ignored' in answer) return printIgnored(answer.ignored, update, context.config.branch);
  const reporter = plainReporter(process.stdout, context.journal);
  // stops at a hold: it may wait days for an operator
  const until = ({ state }: Deployment): boolean => isOver(state) || state === 'holding';
  const deployment = await follow(
    context.home,
    context.journal,
    answer.id,
    (event) => reporter.event(event),
    {
      until,
    },
  );
  const serving = await servingNow(context);
  if (deployment.state === 'holding') return reporter.held(deployment, null, serving);
  reporter.end(deployment, serving, driftNow(context, serving));
  await untilBranchFollows(context.home, context.journal);
}

/** Reports why nothing is deployed and, after a push of another branch such as master, how to deploy that branch. */
function printIgnored(why: string, { ref, after }: Update, branch: string): void {
  console.log(`- ${words().nothingToDeploy(printable(why))}`);
  const other = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
  if (other === undefined || other === branch || NO_COMMIT.test(after)) return;
  console.log(`  ${words().toDeployIt(`git push live ${printable(other)}:${branch}`)}`);
}

/**
 * Retries the post: a killed deployer or nginx is back within seconds, and posting the same delivery twice creates only
 * one deployment.
 */
async function postPatiently(context: DeployContext, push: Push): Promise<PushAnswer> {
  const deadline = machineMs() + DEPLOYER_MAY_BE_GONE_MS;
  for (;;) {
    try {
      const answer = await postPush(push);
      // another process may have the deployer's port, and only the deployer writes the journal
      if ('ignored' in answer || context.journal.get(answer.id)?.delivery === push.delivery) return answer;
      throw notTheDeployer();
    } catch (error) {
      if (asKnown(error).code !== 'E_DEPLOYER_DOWN') throw error;
      if (machineMs() > deadline) return withdrawn(context, push, asKnown(error));
      await sleep(POST_AGAIN_AFTER_MS);
    }
  }
}

/** Returns the deployment of a webhook whose response was lost. If there is none, cancels the delivery and throws. */
async function withdrawn(
  { journal, config }: DeployContext,
  { delivery }: Push,
  why: KnownError,
): Promise<PushAnswer> {
  const deployment = await journal.cancel(delivery);
  if (deployment) return { id: deployment.id };
  const later =
    config.schedules.poll === null
      ? 'Start the deployer, then deploy this commit: npm start && ./switchyard deploy'
      : 'Start the deployer: npm start. It then finds this push and deploys it.';
  throw new KnownError(why.code, why.message, later);
}

/** Reads git's lines of `<before> <after> <ref>` from standard input. */
async function readUpdates(): Promise<Update[]> {
  const updates: Update[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    const [before = '', after = '', ref = ''] = line.split(' ');
    if (ref !== '') updates.push({ before, after, ref });
  }
  return updates;
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    const known = asKnown(error);
    // a failed pre-receive hook makes git reject the commits
    const { nothingPushed, pushedButNotLive } = words();
    const verdict = process.argv[2] === 'pre-receive' ? nothingPushed : pushedButNotLive;
    console.log(`✗ ${verdict(known.message)}`);
    console.log(terminalText(`  ${known.hint} [${known.code}]`));
    process.exit(1);
  },
);
