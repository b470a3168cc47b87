import { lateness } from '../../../../scripts/bench/sections/old-slot';

const renames = [
  { began: 999, done: 1000, from: 'blue' },
  { began: 1990, done: 2000, from: 'green' },
];
const request = (at: number, slot: string): Parameters<typeof lateness>[0][number] => ({
  at,
  ms: 5,
  slot,
  kind: 'app',
});

test('a request counts by the time it was received, not answered', () => {
  // received at 995, answered after the rename
  expect(lateness([request(1000, 'blue')], renames)).toEqual({ late: 0, latestMs: 0 });
});

test('a request just after the rename may reach the old slot, and a later one counts', () => {
  expect(lateness([request(1006, 'blue')], renames)).toEqual({ late: 0, latestMs: 2 });
  expect(lateness([request(1007, 'blue')], renames)).toEqual({ late: 1, latestMs: 3 });
  expect(lateness([request(2500, 'green')], renames)).toMatchObject({ late: 1 });
});

test('requests to the slot in the table are not late', () => {
  expect(lateness([request(1500, 'green'), request(2500, 'blue')], renames)).toEqual({
    late: 0,
    latestMs: 0,
  });
});

test('our own probes are not counted', () => {
  expect(lateness([{ ...request(1500, 'blue'), kind: 'probe' }], renames)).toMatchObject({ late: 0 });
});

test('a request during a rename may reach either slot', () => {
  expect(lateness([request(1998, 'blue'), request(1998, 'green')], renames)).toEqual({
    late: 0,
    latestMs: 0,
  });
});

test("an answer after the start of the next rename may be that slot's, since nginx's clock lags", () => {
  expect(lateness([{ ...request(1992, 'blue'), ms: 10 }], renames)).toEqual({ late: 0, latestMs: 0 });
  expect(lateness([{ ...request(1985, 'blue'), ms: 10 }], renames)).toMatchObject({ late: 1 });
});
