import { lateness } from '../../../../tools/bench/sections/old-slot';

const renames: Parameters<typeof lateness>[1] = [
  { began: 999, done: 1000, from: 'blue' },
  { began: 1990, done: 2000, from: 'green' },
];
const request = (at: number, slot: string): Parameters<typeof lateness>[0][number] => ({
  at,
  ms: 5,
  slot,
  kind: 'app',
});

test('a request counts from its arrival and not from its response', () => {
  // received at 995, with its response after the rename
  expect(lateness([request(1000, 'blue')], renames)).toEqual({ late: 0, latestMs: 0 });
});

test('a request up to 2 ms after the rename may reach the previous slot, and a later one counts', () => {
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

test('probes are not counted', () => {
  expect(lateness([{ ...request(1500, 'blue'), kind: 'probe' }], renames)).toMatchObject({ late: 0 });
});

test('a request that arrives during a rename may reach either slot', () => {
  expect(lateness([request(1998, 'blue'), request(1998, 'green')], renames)).toEqual({
    late: 0,
    latestMs: 0,
  });
});

test("a response after the next rename may belong to a request after it, because nginx's clock lags", () => {
  expect(lateness([{ ...request(1992, 'blue'), ms: 10 }], renames)).toEqual({ late: 0, latestMs: 0 });
  expect(lateness([{ ...request(1985, 'blue'), ms: 10 }], renames)).toMatchObject({ late: 1 });
});
