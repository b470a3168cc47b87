/** One part of a soak: kills one strategy's deployments at every point, or cuts the power there. */
import type { Commit } from '../../deploy/core/release';
import { seededRandom } from '../support/seeded-random';
import type { RuntimeName } from '../support/runtimes';
import { cutsOf, isBetween, pointsOf, randomPoint, undoPointsOf, type Point } from './points';
import { cutAt } from './power-cut';
import { lineOf } from './report';
import { killedAt, nextWorks, type Outcome } from './kill-outcome';
import { nameOf, type Task } from './tasks';
import {
  closeLossyClone,
  closeSoakClone,
  deploy,
  freshCommit,
  openLossyClone,
  openSoakClone,
  planOf,
  powerCutPossible,
  preparationOf,
  type LossyClone,
  type SoakClone,
} from './soak-clone';

export interface SoakOptions {
  runtime: RuntimeName;
  /** Each round kills once at every point and at some random moments. Only the first round cuts the power. */
  rounds: number;
  seed: number;
  say: (line: string) => void;
  /** Called for each kill and each cut. */
  add: (outcome: Outcome) => void;
  /** Checked before each kill. */
  isOver: () => boolean;
}

const RANDOM_MOMENTS = 5;

export async function soak(task: Task, options: SoakOptions): Promise<void> {
  if (task.kind === 'kills') return soakKills(task, options);
  const impossible = powerCutPossible(options.runtime);
  if (impossible === null) return soakCuts(task, options);
  options.say(`- ${nameOf(task)} skipped: ${impossible}`);
}

async function soakKills(task: Task, options: SoakOptions): Promise<void> {
  const { rounds, seed, isOver } = options;
  const target = { ...(await openSoakClone(options.runtime, task.slots)), strategy: task.strategy };
  const kill = async (point: Point, commit: Commit): Promise<void> => {
    if (isOver()) return;
    const outcome = await killedAt(target, point, commit);
    // after other kinds of points, the next kill's deployment checks this too
    if (isBetween(point)) outcome.problems.push(...(await nextWorks(target)));
    report(task, point, outcome, options);
  };
  try {
    const random = seededRandom(seed);
    const longestMs = await settle(target);
    const plan = await planOf(target, await freshCommit(target));
    for (let round = 0; round < rounds; round++) {
      for (const point of pointsOf(plan)) await kill(point, await freshCommit(target));
      for (const point of undoPointsOf(plan)) await kill(point, target.bad);
      for (let count = 0; count < RANDOM_MOMENTS; count++)
        await kill(randomPoint(random, longestMs), await freshCommit(target));
    }
  } finally {
    await closeSoakClone(target);
  }
}

async function soakCuts(task: Task, options: SoakOptions): Promise<void> {
  const open = async (): Promise<LossyClone> => {
    const opened = await openLossyClone(options.runtime, task.slots, task.strategy);
    try {
      await settle(opened);
      // goes through the phases of a new release, like every cut's push
      const { verdict } = await opened.clone.release({ manifest: { version: '1.4.0' } });
      if (!verdict.startsWith('✓ LIVE')) throw new Error(`a push failed without a power cut: ${verdict}`);
      return opened;
    } catch (error) {
      await closeLossyClone(opened);
      throw error;
    }
  };
  let target: LossyClone | null = await open();
  try {
    const preparation = preparationOf(target);
    const plan = await planOf(target, await freshCommit(target));
    const count = cutsOf(plan, preparation, target.disk.cutCommand).length;
    for (let index = 0; index < count && !options.isOver(); index++) {
      const cut = cutsOf(plan, preparation, target.disk.cutCommand)[index];
      if (!cut) return;
      const outcome = await cutAt(target, cut);
      report(task, cut, outcome, options);
      if (!outcome.lost) continue;
      const damaged = target;
      target = null;
      await closeLossyClone(damaged);
      target = await open();
    }
  } finally {
    if (target) await closeLossyClone(target);
  }
}

/** Drops the outcome of a kill that Ctrl-C interrupted. */
function report(task: Task, point: Point, outcome: Outcome, { say, add, isOver }: SoakOptions): void {
  if (isOver()) return;
  add(outcome);
  say(lineOf(nameOf(task), point, outcome));
}

/** Deploys every good release once: each is built, and the first switches strategy. Returns the last duration. */
async function settle(target: SoakClone): Promise<number> {
  let tookMs = 0;
  for (let count = 0; count < target.good.length; count++) {
    const started = Date.now();
    const { code, text } = await deploy(target, await freshCommit(target));
    if (code !== 0) throw new Error(`a deployment failed without a kill:\n${text}`);
    tookMs = Date.now() - started;
  }
  return tookMs;
}
