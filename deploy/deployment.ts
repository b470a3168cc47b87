/**
 * A deployment's own process: `node deployment.js <id>`, or `spare` for one that is told its id later (see
 * launcher.ts). It holds the lock for its life, so that one works
 * at a time and a dead one is noticed at once. Called for a deployment that a dead process left behind, it
 * finishes or undoes it.
 */
import { problemLine } from './config';
import type { KnownError } from './core/errors';
import { asKnown } from './core/errors';
import { isActive } from './core/transitions';
import { tidyMirror } from './git/mirror';
import type { Home } from './home';
import { homeAt } from './home';
import { Journal } from './journal/journal';
import { SPARE } from './launcher';
import { takeLock } from './lock';
import { deploy } from './pipeline/deploy';
import { recover } from './pipeline/recover';
import { whenAskedToEnd } from './pipeline/ending';
import { rehearse } from './rehearsal';
import { readyFiles } from './pipeline/ready-files';
import { readyModules } from './pipeline/ready-modules';
import type { Yard } from './yard';
import { openYard } from './yard';

async function main(): Promise<void> {
  const home = homeAt(process.env.SWITCHYARD_HOME ?? '');
  const word = process.argv[2];
  const id = word === SPARE ? await toldId(home) : Number(word);
  if (id === null) return;
  const lock = await takeLock(home);
  const yard = await openYardFor(home, id);
  const ending = whenAskedToEnd(home, yard.journal, id);

  if (yard.configProblem) await warn(yard, id, yard.configProblem);
  const deployment = yard.journal.get(id);
  if (deployment?.state === 'queued') await deploy(yard, deployment, ending);
  if (deployment && isActive(deployment.state)) await recover(yard, deployment, ending);
  yard.journal.close();
  lock.release();
}

function warn({ journal }: Yard, id: number, problem: KnownError): Promise<void> {
  return journal.tell(id, { type: 'warning', message: problemLine(problem).replace(/^! /, '') });
}

/** Waits, with everything loaded, to be told which deployment is ours; null when the deployer left without a word. */
async function toldId(home: Home): Promise<number | null> {
  const told = new Promise<number | null>((resolve) => {
    process.once('message', (message: { id: number }) => resolve(message.id));
    process.once('disconnect', () => resolve(null));
  });
  await rehearse(home);
  // whoever needs it before it is there makes it anew
  void makeReady(home);
  return told;
}

/**
 * What most deployments do before their tests, done as far as it can be while nobody waits. Never rejects; one that
 * fails, as where the mirror has lost what is live, keeps none of the others from being done.
 */
async function makeReady(home: Home): Promise<void> {
  for (const duty of [readyLiveFiles, readyModules, tidyMirror])
    await duty(home).catch((error: unknown) => console.error('for the next deployment:', error));
}

async function readyLiveFiles(home: Home): Promise<void> {
  const journal = Journal.open(home);
  const live = journal.lastLive()?.to?.commit;
  journal.close();
  if (live !== undefined) await readyFiles(home, live);
}

/** A configuration that cannot be read fails the deployment that waits, so that who pushed is told. */
async function openYardFor(home: Home, id: number): Promise<Yard> {
  try {
    return openYard(home, process.env.SWITCHYARD_ROOT ?? '');
  } catch (error) {
    const { code, message } = asKnown(error);
    const journal = Journal.open(home);
    if (journal.get(id)?.state === 'queued') {
      // this clone's configuration is no fault of the commit's
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
