import { boundsOf } from '../../../../tools/bench/bounds';
import type { Results } from '../../../../tools/bench/results';

const spread = (median: number): object => ({ median, slowest: median, count: 5 });
const missed = (results: object): string[] =>
  // only the figures that the bounds use
  boundsOf(results as Results)
    .filter(({ kept }) => !kept)
    .map(({ what }) => what);

test('a part that was not measured has no bound', () => expect(boundsOf({})).toEqual([]));

test('each bound is kept up to its figure, and missed above it', () => {
  const rollback = { inDeployerMs: spread(50), asCommandMs: spread(500), builtBeforeMs: spread(1000) };
  expect(missed({ rollback })).toEqual([]);
  expect(missed({ rollback: { ...rollback, inDeployerMs: spread(51) } })).toHaveLength(1);
  const push = { pm2: { kitAddsMs: spread(401), liveMs: spread(3001) } };
  expect(missed({ push })).toHaveLength(2);
});

test('a throughput is measurably below another only if the whole interval is', () => {
  const ratio = (at: number, high: number): object => ({ ratio: at, low: at - 0.02, high, pairs: 12 });
  expect(missed({ throughput: { sample: ratio(0.99, 1.001), bare: ratio(0.95, 0.96) } })).toEqual([]);
  expect(missed({ throughput: { sample: ratio(0.97, 0.99), bare: ratio(0.94, 1) } })).toHaveLength(2);
});

test('a comparison in which a reload loses no request misses its bound', () => {
  const row = (name: string, failed: number): object => ({ name, switches: 10, switching: { failed } });
  expect(missed({ peers: { rows: [row('Switchyard', 0), row('nginx -s reload', 3)] } })).toEqual([]);
  expect(missed({ peers: { rows: [row('Switchyard', 0), row('nginx -s reload', 0)] } })).toHaveLength(1);
  expect(missed({ peers: { rows: [row('Switchyard', 1), row('nginx -s reload', 3)] } })).toHaveLength(1);
});
