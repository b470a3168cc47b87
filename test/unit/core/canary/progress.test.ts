import { progressLine } from '../../../../deploy/core/canary/progress';

const STEP = {
  share: 5,
  next: 25,
  canary: { requests: 1_203, errors: 2 },
  stable: { requests: 22_104, errors: 3 },
  move: { do: 'collect' as const },
  leftMs: 41_000,
};

test('the line of a step has both sides, the time left and what comes next', () => {
  expect(progressLine(STEP)).toBe(
    '5 %: canary 1,203 requests, 2 failed; stable 22,104 requests, 3 failed; verdict in 41.0 s, then 25 %',
  );
  expect(progressLine({ ...STEP, next: 100 })).toMatch(/, then all users$/);
});

test('a step that lacks data says when it asks an operator', () => {
  expect(progressLine({ ...STEP, move: { do: 'collect', few: true }, leftMs: 252_000 })).toMatch(
    /; not enough data for a verdict yet, asks an operator in 4 min 12 s$/,
  );
});
