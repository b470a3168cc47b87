import { designEffect, RequestsPerUser } from '../../../../deploy/core/canary/design-effect';
import type { Latency } from '../../../../deploy/core/canary/slower';
import type { CanaryRule, Samples } from '../../../../deploy/core/canary/verdict';
import { judgeAtOnce, judgeStep } from '../../../../deploy/core/canary/verdict';
import { seededRandom, shareOf, type SeededRandom } from '../../../support/seeded-random';

const STRICT: CanaryRule = { maxErrorRatio: 0.1, extraErrors: 0, slower: 1, warmUp: 0, minRequests: 100 };

/** Samples of users with ten requests each on average. Each user has an error ratio and a usual latency of their own. */
function visits(dice: SeededRandom, users: number, broken: number): Samples {
  const [errors, latencies] = [new RequestsPerUser(), new RequestsPerUser()];
  const samples = { requests: 0, errors: 0, latencies: [] as Latency[] };
  let failing = 0;
  for (let user = 0; user < users; user++) {
    const ratio = dice.next() < broken ? 0.5 : 0.001;
    const usual = Math.exp(5 + dice.normal());
    const before = samples.errors;
    for (let sent = 0; sent === 0 || dice.next() < 0.9; sent++) {
      const failed = dice.next() < ratio;
      samples.requests += 1;
      errors.add(`u${user}`, failed ? 1 : 0);
      if (failed) samples.errors += 1;
      else {
        const ms = usual * Math.exp(dice.normal() / 4);
        samples.latencies.push({ at: dice.next() * 60_000, ms });
        latencies.add(`u${user}`, Math.log1p(ms));
      }
    }
    if (samples.errors > before) failing += 1;
  }
  return { ...samples, alike: { errors: errors.spread(), latencies: latencies.spread(), failing } };
}
const asIndependent = ({ requests, errors, latencies }: Samples): Samples => ({
  requests,
  errors,
  latencies,
});

describe('users whose requests are alike', () => {
  const failedOf = (change: (samples: Samples) => Samples): number => {
    const dice = seededRandom(23);
    return shareOf(
      600,
      () =>
        judgeStep(change(visits(dice, 25, 0.03)), change(visits(dice, 100, 0.03)), STRICT).verdict === 'fail',
    );
  };

  test('do not fail more than 1 % of good canaries', () => {
    expect(failedOf((samples) => samples)).toBeLessThanOrEqual(0.01);
  });

  test('fail more than 10 % of good canaries when their requests count as independent', () => {
    expect(failedOf(asIndependent)).toBeGreaterThan(0.1);
  });
});

test('a canary that is worse for every user still fails', () => {
  const dice = seededRandom(29);
  const worse = (): Samples => {
    const samples = visits(dice, 60, 0);
    const [errors, failing] = [new RequestsPerUser(), Math.min(60, samples.requests)];
    const failures = dice.times(samples.requests, 0.06);
    for (let at = 0; at < samples.requests; at++) errors.add(`u${at % 60}`, at < failures ? 1 : 0);
    return {
      ...samples,
      errors: failures,
      alike: { errors: errors.spread(), latencies: { people: 0, addresses: 0, requests: 0 }, failing },
    };
  };
  expect(
    shareOf(100, () => judgeStep(worse(), visits(dice, 300, 0), STRICT).verdict === 'fail'),
  ).toBeGreaterThan(0.95);
});

test('one user who keeps retrying does not fail a canary, three do', () => {
  const failing = (users: number): Samples => {
    const errors = new RequestsPerUser();
    for (let at = 0; at < 60; at++) errors.add(`u${at % users}`, 1);
    const alike = {
      errors: errors.spread(),
      latencies: { people: 0, addresses: 0, requests: 0 },
      failing: users,
    };
    return { requests: 60, errors: 60, latencies: [], alike };
  };
  expect(judgeAtOnce(failing(1), STRICT)).toBeNull();
  expect(judgeAtOnce(failing(2), STRICT)).toBeNull();
  expect(judgeAtOnce(failing(3), STRICT)?.verdict).toBe('fail');
});

describe('the design effect', () => {
  const effect = (...requests: [string | null, number][]): number => {
    const perUser = new RequestsPerUser();
    for (const [user, figure] of requests) perUser.add(user, figure);
    return designEffect([perUser.spread()]);
  };

  test('is about 1 when no user returns, when no result differs, and without requests', () => {
    expect(effect([null, 1], [null, 0], [null, 1], [null, 0])).toBeCloseTo(4 / 3, 9);
    expect(effect(['a', 0], ['a', 0], ['b', 0])).toBe(1);
    expect(effect()).toBe(1);
  });

  test('is about the number of requests per user when each user always gets the same result', () => {
    const returning = Array.from({ length: 200 }, (_, at): [string, number] => [
      `u${at % 20}`,
      at % 20 < 5 ? 1 : 0,
    ]);
    expect(effect(...returning)).toBeCloseTo((10 * 20) / 19, 9);
  });
});
