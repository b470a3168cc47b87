/** One client address has bounded weight in a canary's verdict, with or without cookies. */
import { decideCanary } from '../../../../deploy/core/canary/decide';
import type { Samples } from '../../../../deploy/core/canary/verdict';
import { judgeStep } from '../../../../deploy/core/canary/verdict';
import type { LogEntry } from '../../../../deploy/traffic/access-log';
import { parseLine } from '../../../../deploy/traffic/access-log';
import { SampleCollector } from '../../../../deploy/pipeline/steps/canary-samples';
import { RULE } from '../../../support/canary-rule';
import { seededRandom, shareOf, type SeededRandom } from '../../../support/seeded-random';

const SHARE = 10;
const BOUND = { most: RULE.minRequests, share: SHARE };
const STEP_MS = 60_000;
const BLANK = parseLine('{"kind":"app","status":"200","upstream":"a","upstream_status":"200"}') as LogEntry;

/** How one kind of client is answered. */
interface Answers {
  /** The share of its requests that fail, by slot. */
  fails?: { canary: number; stable: number };
  /** Its usual latency, by slot. */
  ms?: { canary: number; stable: number };
}

let ids = 0;
function answer(dice: SeededRandom, slot: 'canary' | 'stable', client: string, by: Answers): LogEntry {
  const failed = dice.next() < (by.fails?.[slot] ?? 0);
  const status = failed ? 500 : 200;
  const ms = Math.round((by.ms?.[slot] ?? 50) * Math.exp(dice.normal() / 4));
  const at = dice.next() * STEP_MS;
  const id = `r${(ids += 1)}`;
  return {
    ...{ ...BLANK, at, id, slot, client, status, upstreamStatuses: [status], upstreamMs: [ms] },
    ...{ cohort: id, returning: false },
  };
}

const sideOf = (dice: SeededRandom): 'canary' | 'stable' => (dice.next() * 100 < SHARE ? 'canary' : 'stable');

/** Users with a cookie and about ten requests each, every one at an address of their own. */
function users(dice: SeededRandom, count: number, by: Answers = {}): LogEntry[] {
  return Array.from({ length: count }, (_, user) => {
    const slot = sideOf(dice);
    const requests = 1 + Math.floor(dice.next() * 19);
    return Array.from({ length: requests }, () => ({
      ...answer(dice, slot, `address ${user}`, by),
      ...{ cohort: `u${user}`, returning: true },
    }));
  }).flat();
}

/** One address without cookies, or with a different one in each request. */
function hammering(dice: SeededRandom, count: number, by: Answers, invents = false): LogEntry[] {
  return Array.from({ length: count }, () => ({
    ...answer(dice, sideOf(dice), 'the one', by),
    returning: invents,
  }));
}

function sidesOf(...entries: LogEntry[][]): { canary: Samples; stable: Samples } {
  const book = new SampleCollector();
  book.add(entries.flat());
  return book.sides(['canary'], ['stable'], BOUND);
}

/** How many canaries fail a step. */
function failing(seed: number, runs: number, traffic: (dice: SeededRandom) => LogEntry[][]): number {
  const dice = seededRandom(seed);
  return shareOf(runs, () => {
    const { canary, stable } = sidesOf(...traffic(dice));
    return judgeStep(canary, stable, RULE).verdict === 'fail';
  });
}

const BROKEN = { fails: { canary: 1, stable: 0 } };
const BROKEN_ANYWAY = { fails: { canary: 0.6, stable: 0.6 } };
const FAILING = { fails: { canary: 0.08, stable: 0.002 } };
const USUAL = { fails: { canary: 0.01, stable: 0.01 } };
const SLOW = { ms: { canary: 900, stable: 50 } };
const SLOWER = { ms: { canary: 120, stable: 50 } };

describe('one address that hammers a URL', () => {
  test.each([
    ['that fails on the canary only', 1500, BROKEN, false],
    ['that fails on the canary only, with an invented cookie each time', 1500, BROKEN, true],
    ['that fails on both sides', 4000, BROKEN_ANYWAY, false],
    ['that is slow on the canary only', 1500, SLOW, false],
  ])('%s does not fail a canary that works for the others', (_url, requests, by, invents) => {
    const failed = failing(31, 25, (dice) => [
      users(dice, 300, USUAL),
      hammering(dice, requests, by, invents),
    ]);
    expect(failed).toBe(0);
  });

  test.each([
    ['fails', FAILING],
    ['is slow', SLOWER],
  ])('that works does not save a canary that %s for the others', (_how, by) => {
    const failed = failing(37, 25, (dice) => [users(dice, 300, by), hammering(dice, 20_000, {})]);
    expect(failed).toBeGreaterThan(0.95);
  });

  test('is not enough data for a verdict', () => {
    const dice = seededRandom(41);
    const { canary, stable } = sidesOf(users(dice, 5), hammering(dice, 200, {}), hammering(dice, 9000, {}));
    expect(canary.requests).toBeGreaterThan(800);
    expect(canary.bounded?.requests).toBeLessThan(200);
    expect(judgeStep(canary, stable, { ...RULE, minRequests: 200 })).toMatchObject({
      verdict: 'not enough data',
    });
  });
});

const looks = (sides: { canary: Samples; stable: Samples }): string =>
  decideCanary({ request: null, waitedMs: 1000, seconds: 60, patience: 0, ...sides }, RULE).do;

test('during a step, errors of one of several addresses do not end the canary, those of two do', () => {
  const dice = seededRandom(43);
  const fails = (client: string, count: number): LogEntry[] =>
    Array.from({ length: count }, () => answer(dice, 'canary', client, BROKEN));
  const other = answer(dice, 'stable', 'another', {});
  expect(looks(sidesOf(fails('the one', 30), [other]))).toBe('collect');
  expect(looks(sidesOf(fails('the one', 15), fails('another', 15)))).toBe('fail');
});

test('failing probes end the canary, whatever the addresses of its few users', () => {
  const dice = seededRandom(59);
  const book = new SampleCollector();
  book.add(['one', 'two'].map((client) => answer(dice, 'canary', client, {})));
  for (let at = 0; at < 10; at += 1) book.addProbe('canary', 500, { at, ms: 1 });
  expect(looks(book.sides(['canary'], ['stable'], BOUND))).toBe('fail');
});

test('the errors of the only address count, immediately and in full', () => {
  const dice = seededRandom(47);
  const fails = Array.from({ length: 4 }, () => answer(dice, 'canary', 'the one', BROKEN));
  expect(looks(sidesOf(fails))).toBe('fail');
  const { canary, stable } = sidesOf(hammering(dice, 5000, FAILING));
  expect(canary).not.toHaveProperty('bounded');
  expect(judgeStep(canary, stable, RULE).verdict).toBe('fail');
});

test('the cause names the share that counts', () => {
  const dice = seededRandom(53);
  const { canary, stable } = sidesOf(users(dice, 300, FAILING), hammering(dice, 30_000, {}));
  expect(judgeStep(canary, stable, RULE).why).toMatch(
    /^\d+ of [\d,]+ failed \([\d.]+ % if no address counts more than 100 times\) against /,
  );
});
