/**
 * A sample of `npm run soak` with its own code, for each strategy that recovery.test.ts does not cover. It kills a
 * deployment between two steps, and a bad one between two steps of its undo. A rolling one also loses its power.
 */
import { seededRandom } from '../support/seeded-random';
import { needs } from '../support/needs';
import { cutsOf, isBetween, pointsOf, undoPointsOf, type Point } from '../soak/points';
import { cutAt } from '../soak/power-cut';
import { killedAt, nextWorks } from '../soak/kill-outcome';
import {
  closeLossyClone,
  closeSoakClone,
  freshCommit,
  openLossyClone,
  openSoakClone,
  planOf,
  powerCutPossible,
  type LossyClone,
  type SoakClone,
} from '../soak/soak-clone';

jest.setTimeout(120_000);

const SLOTS = 3;
/** The same points in every run; another seed chooses others. */
const random = seededRandom(6);

let opened: SoakClone | undefined;

beforeAll(async () => {
  opened = await openSoakClone('pm2', SLOTS);
});
afterAll(() => opened && closeSoakClone(opened));

// rolling comes last, because it then serves from all slots, which an undo must restore
describe.each(['canary', 'in-place', 'rolling'])('a deployment with the strategy %s', (strategy) => {
  let context: SoakClone;
  beforeAll(() => {
    context = { ...(opened as SoakClone), strategy };
  });

  it('is undone in time when its process is killed between two steps, and the next deployment goes live', async () => {
    const commit = await freshCommit(context);
    const point = oneOf(pointsOf(await planOf(context, commit)).filter(isDuringShift));
    const { problems } = await killedAt(context, point, commit);
    expect({ point, problems }).toEqual({ point, problems: [] });
    expect(await nextWorks(context)).toEqual([]);
  });

  // one rename undoes a canary
  if (strategy === 'canary') return;

  it('is undone in time when its process is killed during its undo', async () => {
    const point = oneOf(undoPointsOf(await planOf(context, context.bad)).filter(isBetween));
    const { problems } = await killedAt(context, point, context.bad);
    expect({ point, problems }).toEqual({ point, problems: [] });
  });
});

needs('a disk of its own', () => powerCutPossible('pm2')).describe('a power cut', () => {
  let context: LossyClone | undefined;
  beforeAll(async () => {
    context = await openLossyClone('pm2', 2, 'rolling');
  });
  afterAll(() => context && closeLossyClone(context));

  it.each(['shift | ', '1.5 s into the bake'])(
    'at "%s" loses nothing that was reported, and the next push goes live',
    async (name) => {
      const { disk } = context as LossyClone;
      const plan = await planOf(context as LossyClone, await freshCommit(context as LossyClone));
      const cut = cutsOf(plan, [], disk.cutCommand).find((each) => each.name.includes(name));
      const { problems } = await cutAt(context as LossyClone, cut as NonNullable<typeof cut>);
      expect(problems).toEqual([]);
    },
  );
});

/** Whether the point is between the first shift and LIVE. */
function isDuringShift(point: Point, index: number, all: Point[]): boolean {
  const first = all.findIndex(({ name }) => name.startsWith('shift |'));
  const live = all.findIndex(({ name }) => name.startsWith('LIVE'));
  return isBetween(point) && index >= first && index < live;
}

function oneOf(points: Point[]): Point {
  return points[Math.floor(random.next() * points.length)] as Point;
}
