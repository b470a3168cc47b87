/** Runs the parts of the benchmark in order. A failed part is reported, and the others still run. */
import { type Clone, startClone } from './clone';
import type { Part } from './options';
import { output } from './processes';
import type { Results } from './results';
import { install } from './sections/install';
import { oldSlot } from './sections/old-slot';
import { peers } from './sections/peers';
import { push, type PushResult } from './sections/push';
import { rollback } from './sections/rollback';
import { throughput } from './sections/throughput';
import type { Bench, Skipped } from './types';

const ON_A_CLONE: Part[] = ['push', 'rollback', 'install'];
const IMAGE = 'node:24-bookworm-slim';

export function needClone(parts: Part[]): boolean {
  return parts.some((part) => ON_A_CLONE.includes(part));
}

export async function runParts(
  bench: Bench,
  wanted: Part[],
): Promise<{ results: Results; skipped: Skipped[] }> {
  const results: Results = {};
  const skipped: Skipped[] = [];
  const attempt = async <Name extends Part>(
    name: Name,
    measure: () => Promise<NonNullable<Results[Name]>>,
  ): Promise<void> => {
    if (!wanted.includes(name)) return;
    try {
      results[name] = await measure();
    } catch (error) {
      skipped.push(failed(name, error));
    }
  };
  await attempt('peers', () => peers(bench));
  skipped.push(...(results.peers?.skipped ?? []));
  await attempt('throughput', () => throughput(bench));
  await attempt('oldSlot', () => oldSlot(bench));
  if (needClone(wanted)) {
    const clone = await startLogged(bench, 'a live clone is made', 'pm2');
    await attempt('push', async () => ({ pm2: await push(bench, clone, 'pm2') }));
    if (!results.push) await clone.push('a release to roll back from');
    await attempt('rollback', () => rollback(bench, clone));
    await attempt('install', () => install(bench, clone));
    await clone.stop();
  }
  if (results.push) {
    const compose = await pushWithCompose(bench);
    if ('why' in compose) skipped.push(compose);
    else results.push.compose = compose;
  }
  return { results, skipped };
}

async function pushWithCompose(bench: Bench): Promise<PushResult | Skipped> {
  const name = 'push to live with Compose';
  try {
    await output('docker', ['image', 'inspect', IMAGE]);
  } catch {
    return { name, why: `no Docker engine with ${IMAGE} is running`, install: `docker pull ${IMAGE}` };
  }
  try {
    const clone = await startLogged(bench, 'a live clone with containers is made', 'compose');
    const result = await push(bench, clone, 'compose');
    await clone.stop();
    return result;
  } catch (error) {
    return failed(name, error);
  }
}

function startLogged({ log }: Bench, text: string, runtime: 'pm2' | 'compose'): Promise<Clone> {
  log(text);
  return startClone(runtime);
}

function failed(name: string, error: unknown): Skipped {
  const [firstLine = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return { name, why: `it failed: ${firstLine}` };
}
