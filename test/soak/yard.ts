/** A live clone whose deployments can be killed, with good releases, a bad one, and users. */
import type { UserConfig } from '../../deploy/config';
import { poolOf } from '../../deploy/core/pool';
import type { Commit, Deployment, JournalEvent, Plan } from '../../deploy/core/types';
import { freePorts } from '../support/ports';
import type { RuntimeName } from '../support/runtimes';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { obeyKillOrders } from './killing';
import { usersOf, type Users } from './users';

export interface Yard {
  clone: TinyClone;
  users: Users;
  strategy: string;
  /** As good as one another; more than can be warm and live at the same time. */
  good: Commit[];
  /** It fails as soon as all users have it. */
  bad: Commit;
}

/** Everything that a strategy waits for is short: it is the steps that are looked at, and not how long they are. */
const SHORT: UserConfig = {
  bake: { seconds: 0.3 },
  rolling: { batch: 1, minHealthy: 1 },
  canary: {
    steps: [20, 50, 100],
    seconds: 0.5,
    minRequests: 10,
    // on a machine that is busy with something else, chance is not to decide
    slower: 1000,
    extraErrors: 0.5,
    maxErrorRatio: 0.9,
  },
};
/** It has a step of its own. */
const MIGRATE = ['true'];

export async function openYard(runtime: RuntimeName, slots: number): Promise<Yard> {
  const more = Object.keys(poolOf(slots) ?? {}).slice(2);
  const ports = await freePorts(more.length);
  const clone = await tinyClone({
    ...SHORT,
    ...(runtime === 'compose' && { runtime }),
    slots: Object.fromEntries(more.map((name, index) => [name, ports[index]])),
    app: { migrate: MIGRATE },
  });
  try {
    obeyKillOrders(clone.dir);
    const started = await clone.start();
    if (started.code !== 0) throw new Error(`npm start failed:\n${started.text}`);
    const good: Commit[] = [];
    for (const version of ['1.1.0', '1.2.0', '1.3.0'])
      good.push(await commitOf(clone, { manifest: { version } }));
    const bad = await commitOf(clone, { behaviour: { healthThroughNginx: 500 } });
    return { clone, users: usersOf(clone.ports.http), strategy: '', good, bad };
  } catch (error) {
    await clone.cleanUp();
    throw error;
  }
}

export async function closeYard({ clone, users }: Yard): Promise<void> {
  await users.leave();
  await clone.cleanUp();
}

/** Makes a commit live as a person would say it, and returns what became of it. */
export async function deploy(
  { clone, strategy }: Yard,
  commit: Commit,
): Promise<{ code: number; text: string; deployment: Deployment; events: JournalEvent[] }> {
  const { code, text } = await clone.switchyard('deploy', commit, '--strategy', strategy);
  const journal = clone.journal();
  const [deployment] = journal.history(1);
  const events = deployment ? journal.since(0, deployment.id) : [];
  journal.close();
  if (deployment?.commit !== commit) throw new Error(`nothing was deployed:\n${text}`);
  return { code, text, deployment, events };
}

/** What it would do, step by step, and changes nothing. */
export async function planOf({ clone, strategy }: Yard, commit: Commit): Promise<Plan> {
  const said = await clone.switchyard('deploy', commit, '--plan', '--strategy', strategy, '--json');
  return (JSON.parse(said.text) as { plan: Plan }).plan;
}

/** A good release that runs nowhere: what is warm needs fewer steps. */
export async function freshCommit({ clone, good }: Yard): Promise<Commit> {
  const running = (await clone.slots()).map(({ commit }) => commit);
  const fresh = good.find((commit) => !running.includes(commit));
  if (fresh === undefined) throw new Error('every release runs somewhere');
  return fresh;
}

async function commitOf(clone: TinyClone, change: Parameters<TinyClone['change']>[0]): Promise<Commit> {
  clone.change(change);
  return clone.commit('a release');
}
