import { about, needSentence, requestsNeeded } from '../../../../deploy/core/canary/requests-needed';
import { judgeStep } from '../../../../deploy/core/canary/verdict';
import { seededRandom, shareOf } from '../../../support/seeded-random';
import { RULE } from '../../../support/canary-rule';

test.each([
  { usual: 0.01, now: 0.02, share: 0.05 },
  { usual: 0.01, now: 0.02, share: 0.25 },
  { usual: 0.01, now: 0.02, share: 0.5 },
  { usual: 0.001, now: 0.01, share: 0.05 },
  { usual: 0, now: 0.01, share: 0.25 },
  { usual: 0.05, now: 0.08, share: 0.25 },
])(
  'the requests needed catch $now against $usual with 95 % power, at share $share',
  ({ usual, now, share }) => {
    const needed = requestsNeeded({ usual, now }, share, RULE.extraErrors);
    const stable = needed.both - needed.canary;
    const dice = seededRandom(17);
    const caught = (): boolean =>
      judgeStep(
        { requests: needed.canary, errors: dice.times(needed.canary, now), latencies: [] },
        { requests: stable, errors: dice.times(stable, usual), latencies: [] },
        RULE,
      ).verdict === 'fail';
    expect(shareOf(3000, caught)).toBeGreaterThanOrEqual(0.95);
  },
);

test('no number of requests shows a difference that does not matter', () => {
  expect(requestsNeeded({ usual: 0.01, now: 0.015 }, 0.05, 0.005).both).toBe(Infinity);
  expect(needSentence(0.05, 0.01)).toBe(
    'a canary with 2 % errors beside 1 % never fails: extraErrors allows as much',
  );
});

test('the number of requests is reported before the canary starts', () => {
  expect(needSentence(0.05, 0.005)).toBe(
    'canary needs about 60,000 requests per step to tell 2 % from 1 % (3,000 of them at 5 %)',
  );
});

test.each([
  [7, '7'],
  [99.2, '100'],
  [4081, '4,100'],
  [54_321, '55,000'],
])('about rounds %p to %p', (number, text) => expect(about(number)).toBe(text));
