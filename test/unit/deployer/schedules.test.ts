import { KnownError } from '../../../deploy/core/errors';
import { onCron, createSchedules, loggingFailures } from '../../../deploy/deployer/schedules';
import { until } from '../../support/until';

let reported: string[];
const report = (entry: object): Promise<void> => {
  reported.push((entry as { message: string }).message);
  return Promise.resolve();
};

beforeEach(() => {
  reported = [];
  jest.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

it('a failure is reported once, not on every run, and so is its end', async () => {
  let fails = false;
  const task = (): Promise<void> =>
    fails ? Promise.reject(new KnownError('E_SOURCE', 'The source cannot be read.')) : Promise.resolve();
  const run = loggingFailures({ name: 'poll', run: task, recovered: 'the source answers again' }, report);
  await run();
  fails = true;
  for (let runs = 0; runs < 3; runs++) await run();
  expect(reported).toEqual(['poll: The source cannot be read.']);
  fails = false;
  for (let runs = 0; runs < 3; runs++) await run();
  expect(reported).toEqual(['poll: The source cannot be read.', 'the source answers again']);
});

it('tasks run in parallel, none twice at the same time, and a disabled one never', async () => {
  let hanging = 0;
  let quick = 0;
  const forever = new Promise<void>(() => {});
  const every = '* * * * * *';
  const schedules = createSchedules(
    [
      { name: 'poll', when: every, run: () => (hanging++, forever), recovered: '' },
      { name: 'prune', when: every, run: () => Promise.reject(new Error('no')), recovered: '' },
      { name: 'poll', when: null, run: () => Promise.reject(new Error('it is turned off')), recovered: '' },
      { name: 'rotate', when: every, run: () => (quick++, Promise.resolve()), recovered: '' },
    ],
    report,
  );
  schedules.start();
  await until('three runs', () => quick >= 3);
  schedules.stop();
  expect(hanging).toBe(1);
  expect(reported).toEqual(['prune: no']);
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
    let runs = 0;
    const stop = onCron('* * * * * *', () => void runs++);
    try {
      await until('a run before', () => runs > 0);
      step = by;
      const before = runs;
      await until('two runs after', () => runs > before + 1, 20_000);
      expect(runs).toBeLessThan(before + 10);
    } finally {
      stop();
    }
  });
});
