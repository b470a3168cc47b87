/** Kills deployments of every strategy between every two of their steps, and tells of each how it went. */
import type { Commit } from '../../deploy/core/types';
import { chance } from '../support/chance';
import type { RuntimeName } from '../support/runtimes';
import { isBetween, pointsOf, randomPoint, undoPointsOf, type Point } from './points';
import { killedAt, nextWorks } from './story';
import { lineOf, tableOf, type Row } from './report';
import { closeYard, deploy, freshCommit, openYard, planOf, type Yard } from './yard';

export interface SoakOptions {
  runtime: RuntimeName;
  /** In each, every point once, and some moments by chance. */
  rounds: number;
  seed: number;
  /** As in `rolling`, or `rolling/2` for the one with two slots. Left out: all. */
  only?: string;
  say: (line: string) => void;
  /** Looked at before each kill. */
  isOver: () => boolean;
}

/** Each on a clone with so many slots. */
const STAGES = [
  { slots: 4, strategies: ['blue-green', 'in-place', 'canary', 'rolling'] },
  { slots: 2, strategies: ['rolling'] },
];
const MOMENTS = 5;

/** Returns how many kills did not end well. */
export async function soak(options: SoakOptions): Promise<number> {
  const rows: Row[] = [];
  for (const { slots, strategies } of STAGES) {
    const wanted = strategies.filter((strategy) => isWanted(options.only, strategy, slots));
    if (wanted.length === 0 || options.isOver()) continue;
    options.say(`a clone with ${slots} slots is made`);
    const yard = await openYard(options.runtime, slots);
    try {
      for (const strategy of wanted) {
        const row: Row = { name: `${strategy}, ${slots} slots`, outcomes: [] };
        rows.push(row);
        await soakStrategy({ ...yard, strategy }, row, options);
      }
    } finally {
      await closeYard(yard);
    }
  }
  for (const line of tableOf(rows)) options.say(line);
  return rows.flatMap(({ outcomes }) => outcomes).filter(({ problems }) => problems.length > 0).length;
}

function isWanted(only: string | undefined, strategy: string, slots: number): boolean {
  return only === undefined || only === strategy || only === `${strategy}/${slots}`;
}

async function soakStrategy(
  yard: Yard,
  { name, outcomes }: Row,
  { rounds, seed, say, isOver }: SoakOptions,
): Promise<void> {
  const kill = async (point: Point, commit: Commit): Promise<void> => {
    if (isOver()) return;
    const outcome = await killedAt(yard, point, commit);
    // after the others the next kill's deployment shows it as well
    if (isBetween(point)) outcome.problems.push(...(await nextWorks(yard)));
    // what was broken off with us says nothing
    if (isOver()) return;
    outcomes.push(outcome);
    say(lineOf(name, point, outcome));
  };
  const random = chance(seed);
  const longestMs = await settle(yard);
  const plan = await planOf(yard, await freshCommit(yard));
  for (let round = 0; round < rounds; round++) {
    for (const point of pointsOf(plan)) await kill(point, await freshCommit(yard));
    for (const point of undoPointsOf(plan)) await kill(point, yard.bad);
    for (let count = 0; count < MOMENTS; count++)
      await kill(randomPoint(random, longestMs), await freshCommit(yard));
  }
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
