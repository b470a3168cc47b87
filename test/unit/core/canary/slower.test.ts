import {
  compareLatency,
  type Answered,
  type Latency,
  type SlowRule,
} from '../../../../deploy/core/canary/slower';
import { chance, shareOf, type Chance } from '../../../support/chance';

const RULE: SlowRule = { slower: 1.25, warmUp: 5 };
/** Whatever differs by more than is felt matters. */
const STRICT: SlowRule = { ...RULE, slower: 1 };
const TICK_MS = 100;

interface Side {
  /** In a tick. */
  requests: number;
  /** So many times as long as usual. */
  times?: number;
  /** How much longer an answer takes just after the start; a third of it a second later. Milliseconds. */
  cold?: number;
}

/**
 * Two processes on a machine that has other things to do: now and then one of them, or both, get no processor for some
 * tenths of a second, and whatever was asked meanwhile is late by as much.
 */
function busy(dice: Chance, seconds: number, canary: Side, stable: Side): [Answered, Answered] {
  const ticks = (seconds * 1000) / TICK_MS;
  const shared = stalls(dice, ticks);
  const answers = ({ requests, times = 1, cold = 0 }: Side): Answered => {
    const own = stalls(dice, ticks);
    const latencies: Latency[] = [];
    for (let tick = 0; tick < ticks; tick++) {
      const late = Math.max(own[tick] as number, shared[tick] as number);
      const warming = cold * Math.exp((-tick * TICK_MS) / 1000);
      for (let asked = dice.times(requests * 4, 0.25); asked > 0; asked--) {
        const ms = times * 40 * Math.exp(dice.normal() / 2) + warming + late * dice.next();
        latencies.push({ at: tick * TICK_MS + TICK_MS * dice.next(), ms });
      }
    }
    return { latencies };
  };
  return [answers(canary), answers(stable)];
}

/** By how much what is asked in each tick may be late: 300 ms on average, in one of ten ticks. */
function stalls(dice: Chance, ticks: number): number[] {
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
  const dice = chance(seed);
  return shareOf(runs, () => compareLatency(...busy(dice, seconds, ...sides), rule).isSlower);
};

describe('of good canaries on a machine that is busy at most 0.5 % are called slower, even if every difference mattered', () => {
  test.each<[string, number, Side, Side]>([
    ['halves', 20, { requests: 1 }, { requests: 1 }],
    ['1 of 20', 20, { requests: 0.25 }, { requests: 4.75 }],
    ['many in a short step', 11, { requests: 5 }, { requests: 5 }],
    ['while it warms up', 11, { requests: 4, cold: 300 }, { requests: 4 }],
  ])('%s, %p s', (_case, seconds, canary, stable) =>
    expect(failed(200, 3, STRICT, seconds, canary, stable)).toBeLessThanOrEqual(0.005),
  );
});

test('many more were, if the answers of a process that has just been started counted', () => {
  const [canary, stable] = [{ requests: 4, cold: 300 }, { requests: 4 }];
  expect(failed(100, 3, { ...STRICT, warmUp: 0 }, 6, canary, stable)).toBeGreaterThan(0.05);
});

describe('what is really slower is caught all the same', () => {
  test.each<[string, number, Side, Side]>([
    ['half as slow again', 60, { requests: 1, times: 1.5 }, { requests: 1 }],
    ['twice as slow, for 1 of 20', 60, { requests: 0.25, times: 2 }, { requests: 4.75 }],
    ['four times as slow, in a short step', 20, { requests: 1, times: 4 }, { requests: 1 }],
  ])('%s, %p s', (_case, seconds, canary, stable) =>
    expect(failed(60, 5, RULE, seconds, canary, stable)).toBeGreaterThan(0.9),
  );
});

describe('what is not compared is shown', () => {
  const answers = (ms: number, seconds: number): Answered => ({
    latencies: Array.from({ length: 100 }, (_, at) => ({ at: at * 10 * seconds, ms: ms + (at % 7) })),
  });

  test('a step that is not ten half seconds longer than the warm-up', () => {
    expect(compareLatency(answers(90, 10), answers(10, 10), RULE)).toEqual({
      isSlower: false,
      figures: '93 ms (95 % within 96 ms) against 13 ms (95 % within 16 ms), too short to compare',
    });
    expect(compareLatency(answers(90, 11), answers(10, 11), RULE)).toEqual({
      isSlower: true,
      figures: '93 ms (95 % within 96 ms) against 13 ms (95 % within 16 ms)',
    });
  });

  test('nothing, where one of the two has answered nobody', () => {
    const none = { latencies: [] };
    expect(compareLatency(answers(90, 60), none, RULE)).toEqual({ isSlower: false, figures: '' });
    expect(compareLatency(none, answers(90, 60), RULE)).toEqual({ isSlower: false, figures: '' });
  });

  test('one that has answered nobody since it was warm', () => {
    const early = { latencies: answers(90, 60).latencies.filter(({ at }) => at < 4000) };
    expect(compareLatency(early, answers(10, 60), RULE)).toMatchObject({ isSlower: false });
  });

  test('half of the step, where the other has answered nobody, is no difference', () => {
    const late = { latencies: answers(90, 60).latencies.filter(({ at }) => at < 30_000) };
    expect(compareLatency(late, answers(10, 60), RULE)).toMatchObject({ isSlower: false });
  });
});
