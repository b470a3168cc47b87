import type { RunningSlot } from '../../../deploy/core/types';
import type { Sight } from '../../../deploy/core/watch';
import { decideWatch, restoreAgainAfterMs } from '../../../deploy/core/watch';
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

/** A process that has served for long and answers, except for what is given. */
const decide = (seen: Partial<Sight>): string =>
  decideWatch({
    running: ONLINE,
    healthy: true,
    badInARow: 0,
    answeredBefore: true,
    seenForMs: 3_600_000,
    startLimitMs: 60_000,
    ...seen,
  });

test('what answers is left alone', () => expect(decide({})).toBe('nothing'));

test('one or two bad answers are a busy moment, three are a process that hangs', () => {
  expect([1, 2, 3, 4].map((badInARow) => decide({ healthy: false, badInARow }))).toEqual([
    'nothing',
    'nothing',
    'kill',
    'kill',
  ]);
});

test('an app may take its time to start, and is not killed for it', () => {
  const starting = { healthy: false, badInARow: 30, answeredBefore: false };
  expect(decide({ ...starting, seenForMs: 15_000 })).toBe('nothing');
  expect(decide({ ...starting, seenForMs: 60_001 })).toBe('kill');
});

test.each(['starting', 'stopping', 'crashed'] as const)('a process that is %s is in good hands', (status) => {
  expect(decide({ running: { ...ONLINE, status }, healthy: false, badInARow: 9 })).toBe('nothing');
});

test('an app between a crash and its restart is left to the process manager', () => {
  const crashed: RunningSlot = { ...ONLINE, pid: null, status: 'crashed', exitCode: 1 };
  expect(decide({ running: crashed, healthy: false, badInARow: 99 })).toBe('nothing');
});

test('an app that somebody stopped, or that is nowhere, is started again, but not at the first look', () => {
  const stopped: RunningSlot = { ...ONLINE, pid: null, status: 'stopped' };
  for (const running of [stopped, null]) {
    expect(decide({ running, healthy: false, badInARow: 2 })).toBe('nothing');
    expect(decide({ running, healthy: false, badInARow: 3 })).toBe('restore');
  }
});

test('an orphan serves, but nobody would start it again: it is replaced while it serves', () => {
  expect(decide({ running: { ...ONLINE, orphan: true } })).toBe('adopt');
});

test('an orphan that hangs is ended like any other', () => {
  expect(decide({ running: { ...ONLINE, orphan: true }, healthy: false, badInARow: 3 })).toBe('kill');
});

it('tries what could not be started ever more rarely, and at least once a minute', () => {
  expect([1, 2, 3].map(restoreAgainAfterMs)).toEqual([2000, 4000, 8000]);
  expect(restoreAgainAfterMs(50)).toBe(60_000);
});
