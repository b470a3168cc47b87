import { KnownError } from '../../../deploy/core/errors';
import { atItsTimes, createSchedules, telling } from '../../../deploy/deployer/schedules';
import { until } from '../../support/until';

let told: string[];
const tell = (entry: object): Promise<void> => {
  told.push((entry as { message: string }).message);
  return Promise.resolve();
};

beforeEach(() => {
  told = [];
  jest.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

it('tells a failure once, not at every turn, and that it is over', async () => {
  let fails = false;
  const does = (): Promise<void> =>
    fails ? Promise.reject(new KnownError('E_SOURCE', 'The source cannot be read.')) : Promise.resolve();
  const turn = telling({ name: 'poll', does, again: 'the source answers again' }, tell);
  await turn();
  fails = true;
  for (let turns = 0; turns < 3; turns++) await turn();
  expect(told).toEqual(['poll: The source cannot be read.']);
  fails = false;
  for (let turns = 0; turns < 3; turns++) await turn();
  expect(told).toEqual(['poll: The source cannot be read.', 'the source answers again']);
});

it('runs each task beside the others, never twice at once, and not the one that is turned off', async () => {
  let hanging = 0;
  let quick = 0;
  const forever = new Promise<void>(() => {});
  const every = '* * * * * *';
  const schedules = createSchedules(
    [
      { name: 'hangs', when: every, does: () => (hanging++, forever), again: '' },
      { name: 'fails', when: every, does: () => Promise.reject(new Error('no')), again: '' },
      { name: 'off', when: null, does: () => Promise.reject(new Error('it was turned off')), again: '' },
      { name: 'quick', when: every, does: () => (quick++, Promise.resolve()), again: '' },
    ],
    tell,
  );
  schedules.start();
  await until('three turns', () => quick >= 3);
  schedules.stop();
  expect(hanging).toBe(1);
  expect(told).toEqual(['fails: no']);
});

describe('a clock that is set', () => {
  const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
  const RealDate = Date;
  let step = 0;

  beforeEach(() => {
    step = 0;
    class SteppedDate extends RealDate {
      constructor(at = SteppedDate.now()) {
        super(at);
      }
      static override now(): number {
        return RealDate.now() + step;
      }
    }
    globalThis.Date = SteppedDate as unknown as DateConstructor;
  });
  afterEach(() => (globalThis.Date = RealDate));

  it.each([
    ['back', -YEAR_MS],
    ['forward', 70 * YEAR_MS],
  ])('%s neither stops a schedule nor makes it catch up', async (_way, by) => {
    let turns = 0;
    const stop = atItsTimes('* * * * * *', () => void turns++);
    try {
      await until('a turn before', () => turns > 0);
      step = by;
      const before = turns;
      await until('turns after', () => turns > before + 1, 20_000);
      expect(turns).toBeLessThan(before + 10);
    } finally {
      stop();
    }
  });
});
