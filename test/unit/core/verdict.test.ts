import { bakePassed, errorVerdict, releaseVerdict } from '../../../deploy/core/verdict';

const RULE = { maxErrorRatio: 0.05, minRequests: 20 };
const counts = (errors: number, requests: number): { errors: number; requests: number } => ({
  errors,
  requests,
});
const NOTHING = counts(0, 0);

test.each([
  ['no request at all', NOTHING, NOTHING],
  ['all of 19 requests failed: too few to tell', NOTHING, counts(19, 19)],
  ['exactly the share that is allowed', NOTHING, counts(5, 100)],
  ['as bad as the release before', counts(50, 100), counts(50, 100)],
  ['worse than the release before by exactly what is allowed', counts(50, 100), counts(55, 100)],
  ['better than the release before', counts(100, 100), counts(1, 100)],
])('well: %s', (_case, before, now) => expect(errorVerdict(before, now, RULE)).toBeNull());

test.each([
  ['all of 20 failed', NOTHING, counts(20, 20), '20 of 20 requests failed (100.0 %, before 0.0 %)'],
  ['one more than allowed', NOTHING, counts(6, 100), '6 of 100 requests failed (6.0 %, before 0.0 %)'],
  [
    'one more than allowed over what was usual',
    counts(50, 100),
    counts(56, 100),
    '56 of 100 requests failed (56.0 %, before 50.0 %)',
  ],
])('bad: %s', (_case, before, now, clause) => expect(errorVerdict(before, now, RULE)).toBe(clause));

test('one failed request of one before does not excuse every failure now', () => {
  expect(errorVerdict(counts(1, 1), counts(20, 20), RULE)).toContain('before 0.0 %');
});

test('an operator may allow every failure, or none', () => {
  expect(errorVerdict(NOTHING, counts(20, 20), { ...RULE, maxErrorRatio: 1 })).toBeNull();
  expect(errorVerdict(NOTHING, counts(1, 20), { ...RULE, maxErrorRatio: 0 })).not.toBeNull();
});

describe('of several slots', () => {
  const verdict = (now: Record<string, ReturnType<typeof counts>>): object | null =>
    releaseVerdict(NOTHING, new Map(Object.entries(now)), RULE);

  test('one that is ill is enough, however well the others are', () => {
    expect(verdict({ blue: counts(0, 1000), green: counts(10, 100), amber: counts(1, 1000) })).toEqual({
      slots: ['green'],
      why: '10 of 100 requests failed (10.0 %, before 0.0 %)',
    });
  });

  test('they are judged as one where each has answered too little to tell', () => {
    expect(verdict({ blue: counts(1, 10), green: counts(4, 12) })).toEqual({
      slots: ['green', 'blue'],
      why: '5 of 22 requests failed (22.7 %, before 0.0 %)',
    });
    expect(verdict({ blue: counts(1, 9), green: counts(4, 10) })).toBeNull();
  });

  test('nothing is said of none', () => expect(verdict({})).toBeNull());
});

test('a bake claims no more than it has seen of users', () => {
  expect(bakePassed(10, 20, RULE)).toBe('healthy for 10 s');
  expect(bakePassed(10, 19, RULE)).toBe('passed its health checks for 10 s; only 19 user requests seen');
  expect(bakePassed(10, 0, RULE)).toBe('passed its health checks for 10 s; no user requests were seen');
  expect(bakePassed(10, 0, { ...RULE, minRequests: 0 })).toMatch(/no user requests were seen$/);
});
