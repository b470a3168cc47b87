/**
 * The process of one deployment: `node deployment.js <id>`, or `spare` when the id follows later (see launcher.ts). It
 * holds the lock for its lifetime, so only one runs at a time and the deployer immediately notices a death. If an
 * earlier process of the deployment has died, this one finishes or undoes the deployment.
 */
import { problemLine } from './config/load';
import type { KnownError } from './core/errors';
import { asKnown } from './core/errors';
import { isActive } from './core/transitions';
import { maintainMirror } from './git/mirror';
import type { Home } from './home/home';
import { homeAt } from './home/home';
import { Journal } from './journal/journal';
import { SPARE } from './deployer/launcher';
import { takeLock } from './journal/deployment-lock';
import { deploy } from './pipeline/deploy';
import { recover } from './pipeline/recover';
import { watchForCancellation } from './pipeline/cancellation';
import { guardPorts } from './pipeline/port-guard';
import { warmUp } from './deployer/warm-up';
import { prepareNextCheckout } from './release/checkout-cache';
import { prelinkModules } from './release/packages/prelink';
import type { DeployContext } from './context';
import { openContext } from './context';

async function main(): Promise<void> {
  const home = homeAt(process.env.SWITCHYARD_HOME ?? '');
  const word = process.argv[2];
  const id = word === SPARE ? await receivedId(home) : Number(word);
  if (id === null) return;
  const lock = await takeLock(home);
  const context = await openContextFor(home, id);
  const ending = watchForCancellation(home, context.journal, id);
  guardPorts(context, ending.cancel);

  if (context.configProblem) await warn(context, id, context.configProblem);
  const deployment = context.journal.get(id);
  if (deployment?.state === 'queued') await deploy(context, deployment, ending);
  if (deployment && isActive(deployment.state)) await recover(context, deployment, ending);
  context.journal.close();
  lock.release();
}

function warn({ journal }: DeployContext, id: number, problem: KnownError): Promise<void> {
  return journal.warn(id, problemLine(problem).replace(/^! /, ''));
}

/** Loads everything and waits for the deployment's id; null if the deployer disconnects first. */
async function receivedId(home: Home): Promise<number | null> {
  const received = new Promise<number | null>((resolve) => {
    process.once('message', (message: { id: number }) => resolve(message.id));
    process.once('disconnect', () => resolve(null));
  });
  await warmUp(home);
  // not awaited: a deployment that needs the result earlier creates it itself
  void makeReady(home);
  return received;
}

/**
 * Prepares what most deployments need before their tests. Never rejects: if one task fails, for example because the
 * mirror has lost the live commit, the others continue.
 */
async function makeReady(home: Home): Promise<void> {
  for (const duty of [readyLiveFiles, prelinkModules, maintainMirror])
    await duty(home).catch((error: unknown) => console.error('for the next deployment:', error));
}

async function readyLiveFiles(home: Home): Promise<void> {
  const journal = Journal.open(home);
  const live = journal.lastLive()?.to?.commit;
  journal.close();
  if (live !== undefined) await prepareNextCheckout(home, live);
}

/** Opens the context. An unreadable configuration fails the queued deployment, so that the push reports it. */
async function openContextFor(home: Home, id: number): Promise<DeployContext> {
  try {
    return openContext(home, process.env.SWITCHYARD_ROOT ?? '');
  } catch (error) {
    const { code, message } = asKnown(error);
    const journal = Journal.open(home);
    if (journal.get(id)?.state === 'queued') {
      // this clone's configuration is not the commit's fault
      await journal.move(id, 'failed', { fault: 'operator', errorCode: code, cause: message });
    }
    journal.close();
    throw error;
  }
}

main().then(
  // the process manager's connection would keep the process alive
  () => process.exit(0),
  (error: unknown) => {
    console.error(new Date().toISOString(), error);
    process.exit(1);
  },
);
