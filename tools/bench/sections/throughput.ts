/** The cost of the table: Switchyard's nginx and the same nginx without the table, alternating. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from 'simple-statistics';
import { freePorts } from '../../../test/support/ports';
import type { Request } from '../client';
import { plainFront, tableFront } from '../fronts';
import { startLoad, type Load } from '../load';
import { exitOf, startServer, tempFolder, waitForAnswer } from '../processes';
import { ratioOf, type Ratio } from '../statistics';
import type { Bench, Upstreams } from '../types';
import { REQUESTS, startUpstreams } from './upstreams';

const WARM_UP_MS = 1000;
/** Until a resumed load has received the responses to its earlier requests. */
const SETTLE_MS = 50;
const LOG_EVERY = 20;
const BUILT = path.resolve(__dirname, '../../../dist/app');
/** Reads only: a write would measure SQLite. */
const SAMPLE: Request[] = [{ method: 'GET', path: '/version', expect: [200] }];

type Comparison = Ratio & { perSecond: { table: number; plain: number } };

export interface ThroughputResult {
  /** Behind a bare Node app, and behind the sample app. */
  bare: Comparison;
  sample: Comparison;
}

export async function throughput(bench: Bench): Promise<ThroughputResult> {
  const bare = await startUpstreams();
  const sample = await startSampleApp();
  return {
    bare: await compare(bench, 'a bare Node app', bare, REQUESTS),
    sample: await compare(bench, 'the sample app', sample, SAMPLE),
  };
}

async function compare(
  { quick, log }: Bench,
  behind: string,
  upstreams: Upstreams,
  requests: Request[],
): Promise<Comparison> {
  const [pairs, windowMs] = quick ? [2, 200] : [100, 250];
  const fronts = { table: await tableFront(upstreams), plain: await plainFront(upstreams) };
  const table = await warmLoad(fronts.table.port, requests);
  const plain = await warmLoad(fronts.plain.port, requests);
  const measured: [number, number][] = [];
  for (let pair = 0; pair < pairs; pair++) {
    if (pair % LOG_EVERY === 0) log(`with and without the table, ${behind}: ${pair + 1} of ${pairs}`);
    // the order alternates, because a machine that slows down must favour neither
    const [one, other] = pair % 2 === 0 ? [table, plain] : [plain, table];
    const first = await rate(one, windowMs);
    const second = await rate(other, windowMs);
    measured.push(pair % 2 === 0 ? [first, second] : [second, first]);
  }
  for (const each of [table, plain, fronts.table, fronts.plain]) await each.stop();
  const perSecond = {
    table: median(measured.map(([each]) => each)),
    plain: median(measured.map(([, each]) => each)),
  };
  return { ...ratioOf(measured), perSecond };
}

/** One process for all windows of a front: a new one would measure the compilation of its own code. */
async function warmLoad(port: number, requests: Request[]): Promise<Load> {
  const load = startLoad({ port, requests });
  await load.during(() => sleep(WARM_UP_MS));
  load.pause();
  return load;
}

async function rate(load: Load, windowMs: number): Promise<number> {
  load.resume();
  await sleep(SETTLE_MS);
  const { perSecond, failed, reasons } = await load.during(() => sleep(windowMs));
  load.pause();
  if (failed > 0) throw new Error(`${failed} requests failed: ${JSON.stringify(reasons)}`);
  return perSecond;
}

/** Only in blue: the comparison moves no traffic. */
async function startSampleApp(): Promise<Upstreams> {
  const [port = 0] = await freePorts(1);
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    PORT: String(port),
    SWITCHYARD_DATA: tempFolder(),
    SWITCHYARD_COMMIT: '0'.repeat(40),
    SWITCHYARD_INSTANCE: 'bench',
    SWITCHYARD_SLOT: 'blue',
  };
  const start = (program: string): ReturnType<typeof startServer> =>
    startServer(process.execPath, [path.join(BUILT, program)], { env, cwd: path.resolve(BUILT, '../..') });
  await exitOf(start('migrate.js'));
  start('server.js');
  await waitForAnswer(port, '/health');
  return { blue: port, green: port + 1 };
}
