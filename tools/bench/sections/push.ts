/** From the push to live, phase by phase, with an unchanged lockfile, and how much of it the kit adds. */
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from 'simple-statistics';
import { freePorts } from '../../../test/support/ports';
import type { Clone } from '../clone';
import { exitOf, startServer, stop, tempFolder, waitForAnswer } from '../processes';
import { summarize, type Summary } from '../statistics';
import type { Bench } from '../types';

/** In the meantime, the next spare process loads and links the packages. */
const REST_MS = 3000;
/** The commands of the commit; their time is not the kit's. */
const COMMANDS = ['test', 'build', 'migrate'];
const APP_STARTS = 5;

export interface PushResult {
  pushes: number;
  phases: { name: string; ms: number }[];
  kitAddsMs: Summary;
  liveMs: Summary;
}

interface Measured {
  phases: Record<string, number>;
  kitAddsMs: number;
  liveMs: number;
}

export async function push(
  { quick, log }: Bench,
  clone: Clone,
  runtime: 'pm2' | 'compose',
): Promise<PushResult> {
  const pushes = quick ? 1 : 4;
  const appStartMs = runtime === 'pm2' ? median(await appStarts(clone)) : null;
  const all: Measured[] = [];
  for (let count = 1; count <= pushes; count++) {
    await sleep(REST_MS);
    log(`push ${count} of ${pushes} (${runtime})`);
    clone.forgetTimes();
    appendFileSync(path.join(clone.dir, 'app', 'page.ts'), `// push ${count}\n`);
    const hookAt = await clone.push(`push ${count}`);
    all.push(measure(hookAt, clone, appStartMs));
  }
  const names = [...new Set(all.flatMap(({ phases }) => Object.keys(phases)))];
  return {
    pushes,
    phases: names.map((name) => ({ name, ms: median(all.map(({ phases }) => phases[name] ?? 0)) })),
    kitAddsMs: summarize(all.map((each) => each.kitAddsMs)),
    liveMs: summarize(all.map((each) => each.liveMs)),
  };
}

/** With Compose, the image build and the start of the container count as the commit's. */
function measure(hookAt: number, clone: Clone, appStartMs: number | null): Measured {
  const { deployment, events } = clone.last();
  const { state, cause, createdAt, liveAt } = deployment;
  if (state !== 'succeeded' || liveAt === null) throw new Error(`the push did not go live: ${cause}`);
  const took: Record<string, number> = {};
  for (const { entry } of events)
    if (entry.type === 'phase' && entry.status === 'done') took[entry.phase] = entry.ms ?? 0;
  const inPhases = Object.values(took).reduce((sum, ms) => sum + ms, 0);
  const sincePost = liveAt - createdAt;
  const times = clone.commandTimes();
  const commands = COMMANDS.map((name) => times[name] ?? took[name] ?? 0);
  const notTheKits = commands.reduce((sum, ms) => sum + ms, appStartMs ?? took.start ?? 0);
  const phases = {
    "git's hooks, the webhook": createdAt - hookAt,
    ...took,
    'between the phases': sincePost - inPhases,
  };
  return { phases, kitAddsMs: sincePost - notTheKits, liveMs: liveAt - hookAt - (took.test ?? 0) };
}

/** The time until the release's first healthy response if Node alone starts it. */
async function appStarts(clone: Clone): Promise<number[]> {
  const { commit } = clone.last().deployment;
  const cwd = path.join(clone.home.releases, commit ?? '');
  const data = tempFolder();
  const all: number[] = [];
  for (let count = 0; count < APP_STARTS; count++) {
    const [port = 0] = await freePorts(1);
    const env = { PATH: process.env.PATH, NODE_ENV: 'production', PORT: String(port), SWITCHYARD_DATA: data };
    if (count === 0) await exitOf(startServer(process.execPath, ['dist/app/migrate.js'], { cwd, env }));
    const startedAt = performance.now();
    const app = startServer(process.execPath, ['dist/app/server.js'], { cwd, env });
    await waitForAnswer(port, '/health');
    all.push(performance.now() - startedAt);
    await stop(app);
  }
  return all;
}
