import { lineOf, tableOf } from '../../soak/report';

const well = { kills: 1, ms: 0, asked: 300, failed: 0, problems: [] };
const ill = { kills: 2, ms: 6100, asked: 200, failed: 3, problems: ['3 of 200 requests failed (no answer)'] };
const point = { name: 'shift | verify-live', orders: [] };

test('a line for each kill, and what was not well below it', () => {
  expect(lineOf('rolling', point, well)).toBe(
    '✓ rolling: shift | verify-live: nobody noticed, 0 of 300 requests failed',
  );
  expect(lineOf('rolling', point, ill)).toBe(
    '✗ rolling: shift | verify-live: right again after 6100 ms, 3 of 200 requests failed\n' +
      '    3 of 200 requests failed (no answer)',
  );
});

test('a table at the end that can be pasted into a page, with the sum as its last row', () => {
  expect(tableOf([{ name: 'rolling/2/kills', ms: 61_500, outcomes: [well, ill] }], 125_000)).toEqual([
    '|                 | kills | not well | worst time until right | requests | failed | took |',
    '| --------------- | ----- | -------- | ---------------------- | -------- | ------ | ---- |',
    '| rolling/2/kills | 3     | 1        | 6.1 s                  | 500      | 3      | 1:01 |',
    '| all             | 3     | 1        | 6.1 s                  | 500      | 3      | 2:05 |',
  ]);
});
