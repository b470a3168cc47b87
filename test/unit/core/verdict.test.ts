import { bakePassed, errorVerdict, releaseVerdict, sumOf, type Counts } from '../../../deploy/core/verdict';

const RULE = { maxErrorRatio: 0.05, minRequests: 20 };
const counts = (errors: number, requests: number): { errors: number; requests: number } => ({
  errors,
  requests,
});
const NOTHING = counts(0, 0);

test.each([
  ['no requests', NOTHING, NOTHING],
  ['all 19 requests failed, which is too few for a verdict', NOTHING, counts(19, 19)],
  ['exactly the allowed share failed', NOTHING, counts(5, 100)],
  ['as many failures as in the previous release', counts(50, 100), counts(50, 100)],
  ['worse than the previous release by exactly the allowed share', counts(50, 100), counts(55, 100)],
  ['better than the previous release', counts(100, 100), counts(1, 100)],
])('a release is healthy: %s', (_case, before, now) => expect(errorVerdict(before, now, RULE)).toBeNull());

test.each([
  ['all 20 requests failed', NOTHING, counts(20, 20), '20 of 20 requests failed (100.0 %, before 0.0 %)'],
  [
    'one failure more than allowed',
    NOTHING,
    counts(6, 100),
    '6 of 100 requests failed (6.0 %, before 0.0 %)',
  ],
  [
    'one failure more than allowed above the baseline',
    counts(50, 100),
    counts(56, 100),
    '56 of 100 requests failed (56.0 %, before 50.0 %)',
  ],
])('a release is unhealthy: %s', (_case, before, now, clause) =>
  expect(errorVerdict(before, now, RULE)).toBe(clause),
);

test('a single failed request before does not excuse failures now', () => {
  expect(errorVerdict(counts(1, 1), counts(20, 20), RULE)).toContain('before 0.0 %');
});

test('the rule may allow every failure, or none', () => {
  expect(errorVerdict(NOTHING, counts(20, 20), { ...RULE, maxErrorRatio: 1 })).toBeNull();
  expect(errorVerdict(NOTHING, counts(1, 20), { ...RULE, maxErrorRatio: 0 })).not.toBeNull();
});

describe('one address', () => {
  const from = (...clients: [errors: number, requests: number][]): Counts => {
    const tallies = clients.map(([errors, requests]) => counts(errors, requests));
    return sumOf(tallies.map((tally, client) => ({ ...tally, clients: new Map([[`c${client}`, tally]]) })));
  };

  test('cannot fail a release that works for others, however often it requests a broken URL', () => {
    expect(errorVerdict(NOTHING, from([5000, 5000], [0, 30]), RULE)).toBeNull();
    expect(errorVerdict(NOTHING, from([5000, 5000], [0, 1]), RULE)).toBeNull();
  });

  test('fails a release if there is no other', () => {
    expect(errorVerdict(NOTHING, from([5000, 5000]), RULE)).toBe(
      '5000 of 5000 requests failed (100.0 %, before 0.0 %)',
    );
  });

  test('counts no more often than minRequests, so volume from two does not outweigh many', () => {
    const many = Array.from({ length: 200 }, (): [number, number] => [0, 20]);
    expect(errorVerdict(NOTHING, from([50_000, 50_000], [50_000, 50_000], ...many), RULE)).toBeNull();
    expect(errorVerdict(NOTHING, from([900, 1000], [0, 1000], [8, 10]), RULE)).toBe(
      '908 of 2010 requests failed (52.0 % if no address counts more than 20 times, before 0.0 %)',
    );
  });

  test('does not excuse a broken release by the errors it had before', () => {
    const before = from([5000, 5000], ...Array.from({ length: 50 }, (): [number, number] => [0, 20]));
    expect(errorVerdict(before, from([20, 20], [10, 20], [10, 20]), RULE)).not.toBeNull();
  });

  test('of many users behind one router still counts when others get errors too', () => {
    expect(errorVerdict(NOTHING, from([500, 1000], [5, 10]), RULE)).not.toBeNull();
  });

  test('fails a release that fails everywhere, as soon as there are enough requests', () => {
    const everyone = Array.from({ length: 20 }, (): [number, number] => [1, 1]);
    expect(errorVerdict(NOTHING, from(...everyone), RULE)).not.toBeNull();
  });
});

describe('a release in several slots', () => {
  const verdict = (now: Record<string, ReturnType<typeof counts>>): object | null =>
    releaseVerdict(NOTHING, new Map(Object.entries(now)), RULE);

  test('is unhealthy when one slot is, however healthy the others are', () => {
    expect(verdict({ blue: counts(0, 1000), green: counts(10, 100), amber: counts(1, 1000) })).toEqual({
      slots: ['green'],
      why: '10 of 100 requests failed (10.0 %, before 0.0 %)',
    });
  });

  test('is judged as a whole when each slot has too few requests for a verdict', () => {
    expect(verdict({ blue: counts(1, 10), green: counts(4, 12) })).toEqual({
      slots: ['green', 'blue'],
      why: '5 of 22 requests failed (22.7 %, before 0.0 %)',
    });
    expect(verdict({ blue: counts(1, 9), green: counts(4, 10) })).toBeNull();
  });

  test('gets no verdict without slots', () => expect(verdict({})).toBeNull());
});

test('a bake says how few user requests it saw', () => {
  expect(bakePassed(10, 20, RULE)).toBe('healthy for 10 s');
  expect(bakePassed(10, 19, RULE)).toBe('passed its health checks for 10 s; only 19 user requests seen');
  expect(bakePassed(10, 0, RULE)).toBe('passed its health checks for 10 s; no user requests were seen');
  expect(bakePassed(10, 0, { ...RULE, minRequests: 0 })).toMatch(/no user requests were seen$/);
});
