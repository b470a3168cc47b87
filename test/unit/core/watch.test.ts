import type { RunningSlot } from '../../../deploy/core/slot';
import type { SlotObservation } from '../../../deploy/core/watch';
import { decideWatch, mayRegainTraffic, probeLimitMs, restoreBackoffMs } from '../../../deploy/core/watch';
import { commit } from '../../support/deployments';

const ONLINE: RunningSlot = {
  slot: 'blue',
  commit: commit('a'),
  instance: 'i',
  pid: 4711,
  restarts: 0,
  status: 'online',
  exitCode: null,
};
const NO_RESTARTS: SlotObservation['restarts'] = { hung: 0, unhealthy: 0, lastAgoMs: null };

/** The action for a healthy slot that has served for an hour, with these overrides. */
const decide = (overrides: Partial<SlotObservation>): string =>
  decideWatch({
    running: ONLINE,
    health: 'good',
    badInARow: 0,
    badForMs: 0,
    silentInARow: 0,
    silentForMs: 0,
    users: { answered: 0, failed: 0 },
    waiting: 0,
    isPortTaken: false,
    hasSubstitute: false,
    isBusy: false,
    answeredBefore: true,
    seenForMs: 3_600_000,
    startLimitMs: 60_000,
    restarts: NO_RESTARTS,
    crashesTooOften: false,
    ...overrides,
  });

const SILENT: Partial<SlotObservation> = {
  health: 'silent',
  badInARow: 3,
  badForMs: 3100,
  silentInARow: 3,
  silentForMs: 3100,
};
const BAD: Partial<SlotObservation> = { health: 'bad', badInARow: 30, badForMs: 5000 };

test('the watch replaces a release that crashes too often, but not while a deployment is running', () => {
  const crashed: RunningSlot = { ...ONLINE, pid: null, status: 'crashed' };
  expect(decide({ crashesTooOften: true })).toBe('replace');
  expect(decide({ crashesTooOften: true, health: 'silent', running: crashed })).toBe('replace');
  expect(decide({ crashesTooOften: true, isBusy: true })).toBe('nothing');
});

test('the watch shuts out a process that has taken the port, and does not blame the release for its crashes', () => {
  const crashed: RunningSlot = { ...ONLINE, pid: null, status: 'crashed' };
  expect(decide({ isPortTaken: true, health: 'bad' })).toBe('shut-out');
  expect(decide({ isPortTaken: true, health: 'silent', running: crashed, crashesTooOften: true })).toBe(
    'shut-out',
  );
  expect(decide({ isPortTaken: true, isBusy: true })).toBe('nothing');
});

test('the watch leaves a healthy slot alone', () => expect(decide({})).toBe('nothing'));

describe('a silent slot that answers no user', () => {
  it('is killed after three silent probes over three seconds', () => {
    const after = [1, 2, 3, 4].map((silentInARow) => decide({ ...SILENT, silentInARow }));
    expect(after).toEqual(['nothing', 'nothing', 'kill', 'kill']);
  });

  it('is not killed for connections refused within less than a second', () => {
    expect(decide({ ...SILENT, silentInARow: 20, silentForMs: 900 })).toBe('nothing');
  });

  it('may take up to the start limit for its first answer', () => {
    const starting = { ...SILENT, silentInARow: 30, answeredBefore: false };
    expect(decide({ ...starting, seenForMs: 15_000 })).toBe('nothing');
    expect(decide({ ...starting, seenForMs: 60_001 })).toBe('kill');
  });

  it('is killed at growing intervals while it keeps hanging', () => {
    const again = (hung: number, lastAgoMs: number): string =>
      decide({ ...SILENT, restarts: { hung, unhealthy: 0, lastAgoMs } });
    expect([4000, 9999, 10_000].map((ago) => again(1, ago))).toEqual(['warn', 'warn', 'kill']);
    expect([10_000, 20_000].map((ago) => again(2, ago))).toEqual(['warn', 'kill']);
    expect([59_000, 60_000].map((ago) => again(9, ago))).toEqual(['warn', 'kill']);
  });

  it('is probed three times in three seconds, the third time for longest', () => {
    expect([0, 1, 2, 3].map(probeLimitMs)).toEqual([1000, 500, 1500, 1000]);
  });
});

describe('a slot whose health path fails', () => {
  // [case, user answers, a verified substitute exists, action]
  test.each([
    ['only gets a warning while users get answers', { answered: 500, failed: 0 }, true, 'warn'],
    [
      'only gets a warning while users get answers, without a substitute',
      { answered: 500, failed: 0 },
      false,
      'warn',
    ],
    ['only gets a warning without user requests', { answered: 0, failed: 0 }, true, 'warn'],
    [
      'only gets a warning without user requests and without a substitute',
      { answered: 0, failed: 0 },
      false,
      'warn',
    ],
    ['only gets a warning for too few user requests', { answered: 0, failed: 4 }, true, 'warn'],
    [
      'only gets a warning while fewer than half of the requests fail',
      { answered: 60, failed: 40 },
      true,
      'warn',
    ],
    ['is restarted when most requests fail', { answered: 40, failed: 60 }, true, 'restart'],
    [
      'only gets a warning when most requests fail, without a substitute',
      { answered: 1, failed: 99 },
      false,
      'warn',
    ],
    [
      'is restarted when all requests fail, even without a substitute',
      { answered: 0, failed: 5 },
      false,
      'restart',
    ],
  ])('%s', (_, users, hasSubstitute, action) => {
    expect(decide({ ...BAD, users, hasSubstitute })).toBe(action);
  });

  it('is restarted when users wait and none gets an answer', () => {
    expect(decide({ ...BAD, waiting: 4 })).toBe('warn');
    expect(decide({ ...BAD, waiting: 5 })).toBe('restart');
    expect(decide({ ...BAD, waiting: 50, hasSubstitute: true, users: { answered: 1, failed: 0 } })).toBe(
      'warn',
    );
  });

  it('gets no warning in the first two seconds', () => {
    expect(decide({ ...BAD, badForMs: 400 })).toBe('nothing');
  });

  it('is never killed as hung, however long it lasts', () => {
    expect(decide({ ...BAD, badInARow: 100_000, badForMs: 1e9 })).toBe('warn');
  });

  it('may take up to the start limit for its first answer', () => {
    expect(decide({ ...BAD, answeredBefore: false, seenForMs: 15_000 })).toBe('nothing');
  });

  describe('while every user request fails too', () => {
    const failing = { ...BAD, users: { answered: 0, failed: 50 } };

    it('only gets a warning during a deployment, which may replace it', () => {
      expect(decide({ ...failing, isBusy: true })).toBe('warn');
    });

    it('is restarted three times at growing intervals, then given up', () => {
      const again = (unhealthy: number, lastAgoMs: number): string =>
        decide({ ...failing, restarts: { hung: 0, unhealthy, lastAgoMs } });
      expect([4000, 10_000].map((ago) => again(1, ago))).toEqual(['warn', 'restart']);
      expect([10_000, 20_000].map((ago) => again(2, ago))).toEqual(['warn', 'restart']);
      expect(again(3, 500_000)).toBe('give-up');
    });
  });
});

test('the watch moves users away from a slot that is being stopped by hand, so that its connections close', () => {
  const stopping: RunningSlot = { ...ONLINE, status: 'stopping' };
  const refused: Partial<SlotObservation> = {
    health: 'silent',
    badInARow: 3,
    silentInARow: 3,
    running: stopping,
  };
  expect(decide({ ...refused, hasSubstitute: true })).toBe('move-away');
  expect(decide({ ...refused, isBusy: true })).toBe('nothing');
  expect(decide({ ...refused, health: 'bad' })).toBe('nothing');
});

test('the watch starts the release in the other slot when a slot without a standby is stopped by hand', () => {
  const stopping: RunningSlot = { ...ONLINE, status: 'stopping' };
  const refused: Partial<SlotObservation> = {
    health: 'silent',
    badInARow: 3,
    silentInARow: 3,
    running: stopping,
  };
  expect(decide({ ...refused, hasSubstitute: false })).toBe('adopt');
  expect(decide({ ...refused, hasSubstitute: false, isBusy: true })).toBe('nothing');
});

test.each(['starting', 'crashed'] as const)(
  'the watch leaves a process that is %s to its process manager',
  (status) => {
    expect(decide({ ...SILENT, running: { ...ONLINE, status } })).toBe('nothing');
  },
);

test('the watch leaves an app between a crash and its restart to the process manager', () => {
  const crashed: RunningSlot = { ...ONLINE, pid: null, status: 'crashed', exitCode: 1 };
  expect(decide({ ...SILENT, running: crashed })).toBe('nothing');
});

test('the watch restores an app that was stopped by hand or is gone, after three probes', () => {
  const stopped: RunningSlot = { ...ONLINE, pid: null, status: 'stopped' };
  for (const running of [stopped, null]) {
    expect(decide({ running, health: 'silent', badInARow: 2 })).toBe('nothing');
    expect(decide({ running, health: 'silent', badInARow: 3 })).toBe('restore');
  }
});

test('the watch replaces an orphan while it serves, since nothing would restart it', () => {
  expect(decide({ running: { ...ONLINE, orphan: true } })).toBe('adopt');
});

test('the watch kills a hung orphan like any other process', () => {
  expect(decide({ ...SILENT, running: { ...ONLINE, orphan: true } })).toBe('kill');
});

it('a slot gets its traffic back after three good probes, unless restarts did not help', () => {
  expect([1, 2, 3].map((good) => mayRegainTraffic(good, NO_RESTARTS))).toEqual([false, false, true]);
  expect(mayRegainTraffic(3, { hung: 9, unhealthy: 2, lastAgoMs: 0 })).toBe(true);
  expect(mayRegainTraffic(300, { hung: 0, unhealthy: 3, lastAgoMs: 0 })).toBe(false);
});

it('the watch retries a failed start at growing intervals, at least once a minute', () => {
  expect([1, 2, 3].map(restoreBackoffMs)).toEqual([2000, 4000, 8000]);
  expect(restoreBackoffMs(50)).toBe(60_000);
});
