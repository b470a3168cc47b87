/** The points at which a deployment can be killed, taken from its plan: each new step adds a point. Pure. */
import type { PhaseName } from '../../deploy/core/event';
import type { Plan, Step } from '../../deploy/core/plan';
import type { SeededRandom } from '../support/seeded-random';
import type { LossyDisk } from '../support/lossy-disk';
import type { KillOrder } from './kill-orders';

export interface Point {
  /** `shift | verify-live` is between the two. */
  name: string;
  orders: KillOrder[];
}

/** Between every two steps of a good release, and after each step before the journal records it. */
export function pointsOf(plan: Plan): Point[] {
  const names = plan.flatMap(({ step }) => (step.do === 'verify-live' ? [step.do, 'LIVE'] : [step.do]));
  return [{ name: `the plan | ${names[0]}`, orders: [{ after: 0, recorded: true }] }, ...around(names, 0)];
}

/** The same for a release that fails after the full shift, during its rollback. */
export function undoPointsOf(plan: Plan): Point[] {
  const failing = plan.findIndex(({ step }) => step.do === 'verify-live');
  const undone = plan
    .slice(0, failing + 1)
    .reverse()
    .flatMap(({ undo }) => undo.map(nameOfUndo));
  return around(['verify-live fails', ...undone], failing);
}

/** By then names are on the disk but unflushed content is not: see lossy-disk.ts. */
const COMMITTED_MS = 1500;
const BAKE_SECONDS = 0.3;
const LONG_BAKE_SECONDS = 4;

export interface Cut extends Point {
  /** Cuts during the rollback of a release that fails with users. */
  bad: boolean;
  bakeSeconds: number;
}

/**
 * Where to cut the power: after each preparation phase, after each kind of step and of undo, just after LIVE, and
 * shortly into the bake.
 * @param command cuts the power
 */
export function cutsOf(plan: Plan, preparation: PhaseName[], command: LossyDisk['cutCommand']): Cut[] {
  const prepared = preparation.map((phase) => ({ name: `${phase} | the next`, orders: [{ phase }] }));
  const between = onePerKind(pointsOf(plan).filter(isBetween));
  const live = between.find(({ name }) => name.startsWith('LIVE'));
  const baking = live && {
    name: `${COMMITTED_MS / 1000} s into the bake`,
    orders: live.orders.map((order) => ({ ...order, laterMs: COMMITTED_MS })),
  };
  const undone = onePerKind(undoPointsOf(plan).filter(isBetween));
  const cut = (point: Point, bad = false, bakeSeconds = BAKE_SECONDS): Cut => ({
    name: `power cut: ${point.name}`,
    orders: point.orders.map((order) => ({ ...order, cut: command })),
    bad,
    bakeSeconds,
  });
  return [
    ...[...prepared, ...between].map((point) => cut(point)),
    ...(baking ? [cut(baking, false, LONG_BAKE_SECONDS)] : []),
    ...undone.map((point) => cut(point, true)),
  ];
}

/** Keeps the first point of each kind of step: a pool of four starts four slots. */
function onePerKind(points: Point[]): Point[] {
  const kindOf = ({ name }: Point): string | undefined => name.split(' | ')[0];
  return points.filter(
    (point, index) => points.findIndex((each) => kindOf(each) === kindOf(point)) === index,
  );
}

/** A random moment, in half the cases with a second one during recovery. @param longestMs of a whole deployment */
export function randomPoint(random: SeededRandom, longestMs: number): Point {
  const moment = (): KillOrder => ({ afterMs: Math.floor(random.next() * longestMs) });
  const orders = random.next() < 0.5 ? [moment()] : [moment(), moment()];
  const after = orders.map((order) => ('afterMs' in order ? `${order.afterMs} ms` : ''));
  return { name: `after ${after.join(', and again after ')}`, orders };
}

/** Whether the point is exactly between two steps: one is recorded, the next has not started. */
export function isBetween({ orders }: Point): boolean {
  return orders.every((order) => 'after' in order && order.recorded && order.laterMs === undefined);
}

export function isMoment({ orders }: Point): boolean {
  return orders.some((order) => 'afterMs' in order);
}

/** @param before the number of steps that finish before the first name */
function around(names: string[], before: number): Point[] {
  return names.flatMap((name, index) => {
    const after = before + index + 1;
    return [
      { name: `${name}, not yet recorded`, orders: [{ after, recorded: false }] },
      { name: `${name} | ${names[index + 1] ?? 'the end'}`, orders: [{ after, recorded: true }] },
    ];
  });
}

function nameOfUndo(step: Step): string {
  return `undo: ${step.do}`;
}
