import {
  compareLatency,
  type Answered,
  type Latency,
  type SlowRule,
} from '../../../../deploy/core/canary/slower';
import { seededRandom, shareOf, type SeededRandom } from '../../../support/seeded-random';

const RULE: SlowRule = { slower: 1.25, warmUp: 5 };
/** A rule without a minimum difference, except that users must notice it. */
const STRICT: SlowRule = { ...RULE, slower: 1 };
const TICK_MS = 100;

interface Side {
  /** Per tick. */
  requests: number;
  /** The factor by which answers take longer than usual. */
  times?: number;
  /** Milliseconds by which an answer takes longer just after the start; about a third of that a second later. */
  cold?: number;
}

/**
 * Two processes on a busy machine: now and then one or both get no processor for a few tenths of a second, which
 * delays every request of that time.
 */
function busy(dice: SeededRandom, seconds: number, canary: Side, stable: Side): [Answered, Answered] {
  const ticks = (seconds * 1000) / TICK_MS;
  const shared = stalls(dice, ticks);
  const answers = ({ requests, times = 1, cold = 0 }: Side): Answered => {
    const own = stalls(dice, ticks);
    const latencies: Latency[] = [];
    for (let tick = 0; tick < ticks; tick++) {
      const late = Math.max(own[tick] as number, shared[tick] as number);
      const warming = cold * Math.exp((-tick * TICK_MS) / 1000);
      for (let left = dice.times(requests * 4, 0.25); left > 0; left--) {
        const ms = times * 40 * Math.exp(dice.normal() / 2) + warming + late * dice.next();
        latencies.push({ at: tick * TICK_MS + TICK_MS * dice.next(), ms });
      }
    }
    return { latencies };
  };
  return [answers(canary), answers(stable)];
}

/** The delay of requests in each tick: 300 ms on average, in one of ten ticks. */
function stalls(dice: SeededRandom, ticks: number): number[] {
  let left = 0;
  return Array.from({ length: ticks }, () => {
    if (left === 0 && dice.next() < 0.04) left = 1 + Math.floor(-3 * Math.log(1 - dice.next()));
    else if (left > 0) left -= 1;
    return left * TICK_MS;
  });
}

const failed = (
  runs: number,
  seed: number,
  rule: SlowRule,
  seconds: number,
  ...sides: [Side, Side]
): number => {
  const dice = seededRandom(seed);
  return shareOf(runs, () => compareLatency(...busy(dice, seconds, ...sides), rule).isSlower);
};

describe('on a busy machine at most 0.5 % of good canaries are called slower, even without a minimum difference', () => {
  test.each<[string, number, Side, Side]>([
    ['with half of the requests', 20, { requests: 1 }, { requests: 1 }],
    ['with 1 of 20 requests', 20, { requests: 0.25 }, { requests: 4.75 }],
    ['with many requests in a short step', 11, { requests: 5 }, { requests: 5 }],
    ['during the warm-up', 11, { requests: 4, cold: 300 }, { requests: 4 }],
  ])('%s, %p s', (_case, seconds, canary, stable) =>
    expect(failed(200, 3, STRICT, seconds, canary, stable)).toBeLessThanOrEqual(0.005),
  );
});

test('more than 5 % would be called slower if the answers of a new process counted', () => {
  const [canary, stable] = [{ requests: 4, cold: 300 }, { requests: 4 }];
  expect(failed(100, 3, { ...STRICT, warmUp: 0 }, 6, canary, stable)).toBeGreaterThan(0.05);
});

describe('a slower canary is still caught', () => {
  test.each<[string, number, Side, Side]>([
    ['when it is 1.5 times as slow', 60, { requests: 1, times: 1.5 }, { requests: 1 }],
    ['when it is twice as slow, with 1 of 20 requests', 60, { requests: 0.25, times: 2 }, { requests: 4.75 }],
    ['when it is four times as slow, in a short step', 20, { requests: 1, times: 4 }, { requests: 1 }],
  ])('%s, %p s', (_case, seconds, canary, stable) =>
    expect(failed(60, 5, RULE, seconds, canary, stable)).toBeGreaterThan(0.9),
  );
});

describe('latencies are not compared', () => {
  const answers = (ms: number, seconds: number): Answered => ({
    latencies: Array.from({ length: 100 }, (_, at) => ({ at: at * 10 * seconds, ms: ms + (at % 7) })),
  });

  test('in a step that is not ten half seconds longer than the warm-up, but they are shown', () => {
    expect(compareLatency(answers(90, 10), answers(10, 10), RULE)).toEqual({
      isSlower: false,
      figures: '93 ms (95 % within 96 ms) against 13 ms (95 % within 16 ms), too short to compare',
    });
    expect(compareLatency(answers(90, 11), answers(10, 11), RULE)).toEqual({
      isSlower: true,
      figures: '93 ms (95 % within 96 ms) against 13 ms (95 % within 16 ms)',
    });
  });

  test('when one side has no answers', () => {
    const none = { latencies: [] };
    expect(compareLatency(answers(90, 60), none, RULE)).toEqual({ isSlower: false, figures: '' });
    expect(compareLatency(none, answers(90, 60), RULE)).toEqual({ isSlower: false, figures: '' });
  });

  test('when one side has no answers since its warm-up', () => {
    const early = { latencies: answers(90, 60).latencies.filter(({ at }) => at < 4000) };
    expect(compareLatency(early, answers(10, 60), RULE)).toMatchObject({ isSlower: false });
  });

  test('in the half of a step in which one side has no answers', () => {
    const late = { latencies: answers(90, 60).latencies.filter(({ at }) => at < 30_000) };
    expect(compareLatency(late, answers(10, 60), RULE)).toMatchObject({ isSlower: false });
  });
});
