/**
 * `npm run bench`: measures Switchyard's bounds, and compares it with other ways to switch traffic. With `--publish` the
 * results become docs/benchmarks.md, .json and .svg. The exit code is 1 if a bound is missed.
 *
 * `npm run bench -- [--quick] [--only peers,push] [--json] [--publish]`
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from '../scripts/lib/build';
import { boundsOf } from './bench/bounds';
import { chart } from './bench/chart';
import { machine } from './bench/machine';
import { readOptions } from './bench/options';
import { needClone, runParts } from './bench/parts';
import { cleanUp } from './bench/processes';
import { markdown } from './bench/report';
import type { Run } from './bench/results';

const ROOT = path.resolve(__dirname, '..');

export async function main(args: string[]): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => void cleanUp().then(() => process.exit(130)));
  try {
    await bench(args);
  } finally {
    await cleanUp();
  }
}

async function bench(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (needClone(options.parts)) await ensureBuilt(ROOT, 'deploy', 'Switchyard');
  if (options.parts.includes('throughput')) await ensureBuilt(ROOT, 'app', 'the app');
  const measuredOn = await machine();
  const { results, skipped } = await runParts({ quick: options.quick, log }, options.parts);
  await cleanUp();
  const run: Run = { machine: measuredOn, results, bounds: boundsOf(results), skipped };
  if (options.json) console.log(JSON.stringify(run, null, 2));
  else print(run);
  if (options.publish) await publish(run);
  // a short run is too short for a verdict
  const isMissed = !options.quick && run.bounds.some(({ kept }) => !kept);
  if (isMissed || skipped.some(({ why }) => why.startsWith('it failed'))) process.exitCode = 1;
}

function log(text: string): void {
  console.error(`  ${new Date().toISOString().slice(11, 19)} ${text}`);
}

function print({ bounds, skipped }: Run): void {
  for (const { what, allowed, measured, kept } of bounds)
    console.log(`${kept ? '✓' : '✗'} ${what}: ${measured} (${allowed})`);
  for (const { name, why, install } of skipped)
    console.log(`- ${name}: ${why}${install ? `; ${install}` : ''}`);
}

async function publish(run: Run): Promise<void> {
  const { format } = await import('prettier');
  const write = (name: string, text: string): void =>
    writeFileSync(path.join(ROOT, 'docs', `benchmarks.${name}`), text);
  write('json', await format(JSON.stringify(run), { parser: 'json' }));
  write('md', await format(markdown(run), { parser: 'markdown' }));
  if (run.results.peers) write('svg', chart(run.results.peers));
}
