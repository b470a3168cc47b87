import { lineOf, tableOf } from '../../soak/report';

const healthy = { kills: 1, ms: 0, requests: 300, failed: 0, problems: [] };
const unhealthy = {
  kills: 2,
  ms: 6100,
  requests: 200,
  failed: 3,
  problems: ['3 of 200 requests failed (no answer)'],
};
const point = { name: 'shift | verify-live', orders: [] };

test('the report of a soak has a line for each kill, with its problems below it', () => {
  expect(lineOf('rolling', point, healthy)).toBe(
    '✓ rolling: shift | verify-live: no wrong answer, 0 of 300 requests failed',
  );
  expect(lineOf('rolling', point, unhealthy)).toBe(
    '✗ rolling: shift | verify-live: right again after 6100 ms, 3 of 200 requests failed\n' +
      '    3 of 200 requests failed (no answer)',
  );
});

test('the table of a soak is Markdown, and its last row is the total', () => {
  expect(tableOf([{ name: 'rolling/2/kills', ms: 61_500, outcomes: [healthy, unhealthy] }], 125_000)).toEqual(
    [
      '|                 | kills | violations | worst time until right | requests | failed | took |',
      '| --------------- | ----- | ---------- | ---------------------- | -------- | ------ | ---- |',
      '| rolling/2/kills | 3     | 1          | 6.1 s                  | 500      | 3      | 1:01 |',
      '| all             | 3     | 1          | 6.1 s                  | 500      | 3      | 2:05 |',
    ],
  );
});
