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

test('a request counts by when it was received, not by when it was answered', () => {
  // received at 995: its answer came after the rename
  expect(lateness([request(1000, 'blue')], renames)).toEqual({ late: 0, latestMs: 0 });
});

test('one that is received soon after the rename may reach the slot before; a later one is counted', () => {
  expect(lateness([request(1006, 'blue')], renames)).toEqual({ late: 0, latestMs: 2 });
  expect(lateness([request(1007, 'blue')], renames)).toEqual({ late: 1, latestMs: 3 });
  expect(lateness([request(2500, 'green')], renames)).toMatchObject({ late: 1 });
});

test('requests to the slot that the table names are not late', () => {
  expect(lateness([request(1500, 'green'), request(2500, 'blue')], renames)).toEqual({
    late: 0,
    latestMs: 0,
  });
});

test('our own questions are not counted', () => {
  expect(lateness([{ ...request(1500, 'blue'), kind: 'probe' }], renames)).toMatchObject({ late: 0 });
});

test('one that is received while a rename is under way may reach either slot', () => {
  expect(lateness([request(1998, 'blue'), request(1998, 'green')], renames)).toEqual({
    late: 0,
    latestMs: 0,
  });
});

test("nginx's clock stands still meanwhile: an answer after the next rename may be that one's", () => {
  expect(lateness([{ ...request(1992, 'blue'), ms: 10 }], renames)).toEqual({ late: 0, latestMs: 0 });
  expect(lateness([{ ...request(1985, 'blue'), ms: 10 }], renames)).toMatchObject({ late: 1 });
});
