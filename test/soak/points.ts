/** Where a deployment can be killed, as its plan shows it: a step more is a point more. Pure. */
import type { PhaseName } from '../../deploy/core/event';
import type { Plan, Step } from '../../deploy/core/plan';
import type { SeededRandom } from '../support/seeded-random';
import type { LossyDisk } from '../support/lossy-disk';
import type { KillOrder } from './kill-orders';

export interface Point {
  /** `shift | verify-live`: killed between the two. */
  name: string;
  orders: KillOrder[];
}

/** Between every two steps of a release that is good, and after each before its end is told. */
export function pointsOf(plan: Plan): Point[] {
  const names = plan.flatMap(({ step }) => (step.do === 'verify-live' ? [step.do, 'LIVE'] : [step.do]));
  return [{ name: `the plan | ${names[0]}`, orders: [{ after: 0, told: true }] }, ...around(names, 0)];
}

/** The same for one that fails when everybody has it: from then on it is taken back. */
export function undoPointsOf(plan: Plan): Point[] {
  const failing = plan.findIndex(({ step }) => step.do === 'verify-live');
  const undone = plan
    .slice(0, failing + 1)
    .reverse()
    .flatMap(({ undo }) => undo.map(inWords));
  return around(['verify-live fails', ...undone], failing);
}

/** After LIVE, names are on the disk and the content of files that nobody flushed is not: see lossy-disk.ts. */
const COMMITTED_MS = 1500;
const BAKE_SECONDS = 0.3;
const LONG_BAKE_SECONDS = 4;

export interface Cut extends Point {
  /** Of a release that fails with users, while it is rolled back. */
  bad: boolean;
  bakeSeconds: number;
}

/**
 * Where the power is cut: after each phase of the preparation, between two steps once for each kind of step, just
 * after LIVE, and some seconds into the bake; and once for each kind of step that is undone.
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

/** The first after each kind of step: a pool of four starts the same kind four times. */
function onePerKind(points: Point[]): Point[] {
  const kindOf = ({ name }: Point): string | undefined => name.split(' | ')[0];
  return points.filter(
    (point, index) => points.findIndex((each) => kindOf(each) === kindOf(point)) === index,
  );
}

/** At any moment, and often the process that takes it back as well. @param longestMs of a whole deployment */
export function randomPoint(random: SeededRandom, longestMs: number): Point {
  const moment = (): KillOrder => ({ afterMs: Math.floor(random.next() * longestMs) });
  const orders = random.next() < 0.5 ? [moment()] : [moment(), moment()];
  const after = orders.map((order) => ('afterMs' in order ? `${order.afterMs} ms` : ''));
  return { name: `after ${after.join(', and again after ')}`, orders };
}

/** Exactly: what was done stands in the journal, and nothing else is begun. */
export function isBetween({ orders }: Point): boolean {
  return orders.every((order) => 'after' in order && order.told && order.laterMs === undefined);
}

export function isMoment({ orders }: Point): boolean {
  return orders.some((order) => 'afterMs' in order);
}

/** @param before how many steps have come to their end before the first of them */
function around(names: string[], before: number): Point[] {
  return names.flatMap((name, index) => {
    const after = before + index + 1;
    return [
      { name: `${name}, not yet told`, orders: [{ after, told: false }] },
      { name: `${name} | ${names[index + 1] ?? 'the end'}`, orders: [{ after, told: true }] },
    ];
  });
}

function inWords(step: Step): string {
  return `undo: ${step.do}`;
}
