/** One part of a soak: a strategy, killed at each of its points, or with the power cut at each of them. */
import type { Commit } from '../../deploy/core/release';
import { chance } from '../support/chance';
import type { RuntimeName } from '../support/runtimes';
import { cutsOf, isBetween, pointsOf, randomPoint, undoPointsOf, type Point } from './points';
import { cutAt } from './power';
import { lineOf } from './report';
import { killedAt, nextWorks, type Outcome } from './story';
import { nameOf, type Task } from './tasks';
import {
  closeLossyYard,
  closeYard,
  deploy,
  freshCommit,
  openLossyYard,
  openYard,
  planOf,
  powerCutPossible,
  preparationOf,
  type LossyYard,
  type Yard,
} from './yard';

export interface SoakOptions {
  runtime: RuntimeName;
  /** In each, every point is killed at once, and some moments by chance. The power is cut in the first alone. */
  rounds: number;
  seed: number;
  say: (line: string) => void;
  /** Called for each kill and each cut. */
  add: (outcome: Outcome) => void;
  /** Looked at before each kill. */
  isOver: () => boolean;
}

const MOMENTS = 5;

export async function soak(task: Task, options: SoakOptions): Promise<void> {
  if (task.kind === 'kills') return soakKills(task, options);
  const impossible = powerCutPossible(options.runtime);
  if (impossible === null) return soakCuts(task, options);
  options.say(`- ${nameOf(task)} skipped: ${impossible}`);
}

async function soakKills(task: Task, options: SoakOptions): Promise<void> {
  const { rounds, seed, isOver } = options;
  const yard = { ...(await openYard(options.runtime, task.slots)), strategy: task.strategy };
  const kill = async (point: Point, commit: Commit): Promise<void> => {
    if (isOver()) return;
    const outcome = await killedAt(yard, point, commit);
    // after the others the next kill's deployment shows it as well
    if (isBetween(point)) outcome.problems.push(...(await nextWorks(yard)));
    report(task, point, outcome, options);
  };
  try {
    const random = chance(seed);
    const longestMs = await settle(yard);
    const plan = await planOf(yard, await freshCommit(yard));
    for (let round = 0; round < rounds; round++) {
      for (const point of pointsOf(plan)) await kill(point, await freshCommit(yard));
      for (const point of undoPointsOf(plan)) await kill(point, yard.bad);
      for (let count = 0; count < MOMENTS; count++)
        await kill(randomPoint(random, longestMs), await freshCommit(yard));
    }
  } finally {
    await closeYard(yard);
  }
}

async function soakCuts(task: Task, options: SoakOptions): Promise<void> {
  const open = async (): Promise<LossyYard> => {
    const opened = await openLossyYard(options.runtime, task.slots, task.strategy);
    try {
      await settle(opened);
      // it goes through the phases of a release that is new, as that of every cut does
      const { verdict } = await opened.clone.release({ manifest: { version: '1.4.0' } });
      if (!verdict.startsWith('✓ LIVE')) throw new Error(`a push failed that nothing has cut: ${verdict}`);
      return opened;
    } catch (error) {
      await closeLossyYard(opened);
      throw error;
    }
  };
  let yard: LossyYard | null = await open();
  try {
    const preparation = preparationOf(yard);
    const plan = await planOf(yard, await freshCommit(yard));
    const count = cutsOf(plan, preparation, yard.disk.cutCommand).length;
    for (let index = 0; index < count && !options.isOver(); index++) {
      const cut = cutsOf(plan, preparation, yard.disk.cutCommand)[index];
      if (!cut) return;
      const outcome = await cutAt(yard, cut);
      report(task, cut, outcome, options);
      if (!outcome.lost) continue;
      const damaged = yard;
      yard = null;
      await closeLossyYard(damaged);
      yard = await open();
    }
  } finally {
    if (yard) await closeLossyYard(yard);
  }
}

/** What was broken off with us says nothing. */
function report(task: Task, point: Point, outcome: Outcome, { say, add, isOver }: SoakOptions): void {
  if (isOver()) return;
  add(outcome);
  say(lineOf(nameOf(task), point, outcome));
}

/** The first deployment comes from another strategy's slots, and each release is built once. Returns how long a whole one takes. */
async function settle(yard: Yard): Promise<number> {
  let tookMs = 0;
  for (let count = 0; count < yard.good.length; count++) {
    const begun = Date.now();
    const { code, text } = await deploy(yard, await freshCommit(yard));
    if (code !== 0) throw new Error(`a deployment failed that nobody has killed:\n${text}`);
    tookMs = Date.now() - begun;
  }
  return tookMs;
}
