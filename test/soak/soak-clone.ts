/** A live clone with users, good releases and a bad one, whose deployments can be killed. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { UserConfig } from '../../deploy/config/load';
import { poolOf } from '../../deploy/core/pool';
import type { StrategyName } from '../../deploy/core/strategy-choice';
import type { Deployment } from '../../deploy/core/deployment';
import type { JournalEvent, PhaseName } from '../../deploy/core/event';
import type { Plan } from '../../deploy/core/plan';
import type { Commit } from '../../deploy/core/release';
import { killEverything } from '../support/crash';
import { lossyDisk, lossyDiskPossible, type LossyDisk } from '../support/lossy-disk';
import { ownEngine, ownEnginePossible, type OwnEngine } from '../support/own-engine';
import { freePorts } from '../support/ports';
import type { RuntimeName } from '../support/runtimes';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { obeyKillOrders } from './kill-orders';
import { usersOf, type Users } from './users';

export interface SoakClone {
  clone: TinyClone;
  users: Users;
  strategy: string;
  /** Equivalent releases, more than can be live and warm at the same time. */
  good: Commit[];
  /** Fails as soon as all users have it. */
  bad: Commit;
}

/** A clone whose power can be cut. */
export interface LossyClone extends SoakClone {
  disk: LossyDisk;
  /** In containers: it loses its power too. Its data is on another disk, since Switchyard does not write it. */
  engine: OwnEngine | null;
}

/** Short waits: a soak tests the steps, not their duration. */
const SHORT: UserConfig = {
  bake: { seconds: 0.3 },
  rolling: { batch: 1, minHealthy: 1 },
  canary: {
    steps: [20, 50, 100],
    seconds: 0.5,
    minRequests: 10,
    // noise on a busy machine must not fail a canary
    slower: 1000,
    extraErrors: 0.5,
    maxErrorRatio: 0.9,
  },
};
/** Adds a migrate step. */
const MIGRATE = ['true'];

/** The reason this machine cannot cut the power, or null. */
export function powerCutPossible(runtime: RuntimeName): string | null {
  return lossyDiskPossible() ?? (runtime === 'compose' ? ownEnginePossible() : null);
}

/** Pushes deploy with this strategy. */
export async function openLossyClone(
  runtime: RuntimeName,
  slots: number,
  strategy: StrategyName,
): Promise<LossyClone> {
  const engine = runtime === 'compose' ? await ownEngine() : null;
  const disk = lossyDisk();
  try {
    const env = { SWITCHYARD_HOME: path.join(disk.dir, 'home'), ...engine?.env };
    const target = await openSoakClone(runtime, slots, { config: { strategy }, env });
    return { ...target, strategy, disk, engine };
  } catch (error) {
    disk.remove();
    await engine?.cleanUp();
    throw error;
  }
}

/** Also closes a clone that was lost in a power cut, whose commands and engine may not answer. */
export async function closeLossyClone({ disk, engine, ...target }: LossyClone): Promise<void> {
  await closeSoakClone(target).catch(() => undefined);
  killEverything(target.clone.home);
  disk.remove();
  await engine?.cleanUp();
  rmSync(path.dirname(target.clone.dir), { recursive: true, force: true });
}

export async function openSoakClone(
  runtime: RuntimeName,
  slots: number,
  { config, env }: { config?: UserConfig; env?: Record<string, string> } = {},
): Promise<SoakClone> {
  const more = Object.keys(poolOf(slots) ?? {}).slice(2);
  const ports = await freePorts(more.length);
  const wanted = {
    ...SHORT,
    ...config,
    ...(runtime === 'compose' && { runtime }),
    slots: Object.fromEntries(more.map((name, index) => [name, ports[index]])),
    app: { migrate: MIGRATE },
  };
  const clone = await tinyClone(wanted, env);
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

export async function closeSoakClone({ clone, users }: SoakClone): Promise<void> {
  await users.leave();
  await clone.cleanUp();
}

/** Deploys a commit by command, and returns the result. */
export async function deploy(
  { clone, strategy }: SoakClone,
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

/** The steps of a deployment, without running them. */
export async function planOf({ clone, strategy }: SoakClone, commit: Commit): Promise<Plan> {
  const result = await clone.switchyard('deploy', commit, '--plan', '--strategy', strategy, '--json');
  return (JSON.parse(result.text) as { plan: Plan }).plan;
}

/** The newest deployment's phases before its plan, in order. */
export function preparationOf({ clone }: SoakClone): PhaseName[] {
  const journal = clone.journal();
  const newest = journal.history(1)[0];
  const events = newest ? journal.since(0, newest.id) : [];
  journal.close();
  return events.flatMap(({ entry }) =>
    entry.type === 'phase' && entry.step === undefined && entry.status === 'done' && !entry.undo
      ? [entry.phase]
      : [],
  );
}

/** A good release that is not running, because a warm one needs fewer steps. */
export async function freshCommit({ clone, good }: SoakClone): Promise<Commit> {
  const running = (await clone.slots()).map(({ commit }) => commit);
  const fresh = good.find((commit) => !running.includes(commit));
  if (fresh === undefined) throw new Error('every release is running in some slot');
  return fresh;
}

async function commitOf(clone: TinyClone, change: Parameters<TinyClone['change']>[0]): Promise<Commit> {
  clone.change(change);
  return clone.commit('a release');
}
