import { designEffect, RequestsPerUser } from '../../../../deploy/core/canary/design-effect';
import type { Latency } from '../../../../deploy/core/canary/slower';
import type { CanaryRule, Samples } from '../../../../deploy/core/canary/verdict';
import { judgeAtOnce, judgeStep } from '../../../../deploy/core/canary/verdict';
import { chance, shareOf, type Chance } from '../../../support/chance';

const STRICT: CanaryRule = { maxErrorRatio: 0.1, extraErrors: 0, slower: 1, warmUp: 0, minRequests: 100 };

/** People with ten requests each on average. Each has a figure of their own for how often they meet an error, and how long an answer takes. */
function visits(dice: Chance, people: number, broken: number): Samples {
  const [errors, latencies] = [new RequestsPerUser(), new RequestsPerUser()];
  const samples = { requests: 0, errors: 0, latencies: [] as Latency[] };
  let failing = 0;
  for (let person = 0; person < people; person++) {
    const ratio = dice.next() < broken ? 0.5 : 0.001;
    const usual = Math.exp(5 + dice.normal());
    const before = samples.errors;
    for (let asked = 0; asked === 0 || dice.next() < 0.9; asked++) {
      const failed = dice.next() < ratio;
      samples.requests += 1;
      errors.add(`p${person}`, failed ? 1 : 0);
      if (failed) samples.errors += 1;
      else {
        const ms = usual * Math.exp(dice.normal() / 4);
        samples.latencies.push({ at: dice.next() * 60_000, ms });
        latencies.add(`p${person}`, Math.log1p(ms));
      }
    }
    if (samples.errors > before) failing += 1;
  }
  return { ...samples, alike: { errors: errors.spread(), latencies: latencies.spread(), failing } };
}
const forgets = ({ requests, errors, latencies }: Samples): Samples => ({ requests, errors, latencies });

describe('people whose requests are alike', () => {
  const failedOf = (look: (samples: Samples) => Samples): number => {
    const dice = chance(23);
    return shareOf(
      600,
      () => judgeStep(look(visits(dice, 25, 0.03)), look(visits(dice, 100, 0.03)), STRICT).verdict === 'fail',
    );
  };

  test('do not fail more than 1 % of good canaries', () => {
    expect(failedOf((samples) => samples)).toBeLessThanOrEqual(0.01);
  });

  test('would, if their requests were taken for independent ones', () => {
    expect(failedOf(forgets)).toBeGreaterThan(0.1);
  });
});

test('a canary that is worse for everybody is still failed', () => {
  const dice = chance(29);
  const worse = (): Samples => {
    const samples = visits(dice, 60, 0);
    const [errors, failing] = [new RequestsPerUser(), Math.min(60, samples.requests)];
    const failures = dice.times(samples.requests, 0.06);
    for (let at = 0; at < samples.requests; at++) errors.add(`p${at % 60}`, at < failures ? 1 : 0);
    return {
      ...samples,
      errors: failures,
      alike: { errors: errors.spread(), latencies: { people: 0, requests: 0 }, failing },
    };
  };
  expect(
    shareOf(100, () => judgeStep(worse(), visits(dice, 300, 0), STRICT).verdict === 'fail'),
  ).toBeGreaterThan(0.95);
});

test('one person who tries again and again does not end a canary; three do', () => {
  const failing = (people: number): Samples => {
    const errors = new RequestsPerUser();
    for (let at = 0; at < 60; at++) errors.add(`p${at % people}`, 1);
    const alike = { errors: errors.spread(), latencies: { people: 0, requests: 0 }, failing: people };
    return { requests: 60, errors: 60, latencies: [], alike };
  };
  expect(judgeAtOnce(failing(1), STRICT)).toBeNull();
  expect(judgeAtOnce(failing(2), STRICT)).toBeNull();
  expect(judgeAtOnce(failing(3), STRICT)?.verdict).toBe('fail');
});

describe('the design effect', () => {
  const effect = (...requests: [string | null, number][]): number => {
    const likeness = new RequestsPerUser();
    for (const [person, figure] of requests) likeness.add(person, figure);
    return designEffect([likeness.spread()]);
  };

  test('is one where nobody comes twice, or nothing differs, or there is nothing', () => {
    expect(effect([null, 1], [null, 0], [null, 1], [null, 0])).toBeCloseTo(4 / 3, 9);
    expect(effect(['a', 0], ['a', 0], ['b', 0])).toBe(1);
    expect(effect()).toBe(1);
  });

  test('is as large as people are faithful where each meets the same all the time', () => {
    const faithful = Array.from({ length: 200 }, (_, at): [string, number] => [
      `p${at % 20}`,
      at % 20 < 5 ? 1 : 0,
    ]);
    expect(effect(...faithful)).toBeCloseTo((10 * 20) / 19, 9);
  });
});
