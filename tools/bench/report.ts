/** Writes docs/benchmarks.md: the template's text with the figures of a run. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { count, duration } from '../../deploy/core/format';
import { interval, round } from './bounds';
import type { Run } from './results';
import type { InstallResult } from './sections/install';
import type { OldSlotResult } from './sections/old-slot';
import type { PeersResult } from './sections/peers';
import type { PushResult } from './sections/push';
import type { RollbackResult } from './sections/rollback';
import type { ThroughputResult } from './sections/throughput';
import type { Summary } from './statistics';
import type { Skipped } from './types';

const TEMPLATE = path.join(__dirname, 'template.md');

export function markdown({ machine, bounds, results, skipped }: Run): string {
  const { push, rollback, oldSlot, throughput, peers, install } = results;
  const parts: Record<string, string | undefined> = {
    machine: table(['', ''], Object.entries(machine)),
    bounds: table(
      ['what', 'allowed', 'measured', ''],
      bounds.map(({ what, allowed, measured, kept }) => [
        what,
        allowed,
        measured,
        kept ? 'kept' : '**missed**',
      ]),
    ),
    push: push && pushTable(push),
    rollback: rollback && rollbackTable(rollback),
    oldSlot: oldSlot && oldSlotLine(oldSlot),
    throughput: throughput && throughputTable(throughput),
    peers: peers && peersTable(peers),
    install: install && installTable(install),
    skipped: skippedList(skipped),
  };
  const template = readFileSync(TEMPLATE, 'utf8');
  return template.replace(/^\{\{(\w+)\}\}$/gm, (_, name: string) => parts[name] ?? 'Not measured.');
}

function pushTable({ pm2, compose }: { pm2: PushResult; compose?: PushResult }): string {
  const runtimes = [{ name: 'PM2', result: pm2 }, ...(compose ? [{ name: 'Compose', result: compose }] : [])];
  const names = new Set(runtimes.flatMap(({ result }) => result.phases.map(({ name }) => name)));
  const phases = [...names].map((name) => [
    name,
    ...runtimes.map(({ result }) => milliseconds(result.phases.find((each) => each.name === name)?.ms)),
  ]);
  const total = (what: string, of: (result: PushResult) => Summary): string[] => [
    `**${what}**`,
    ...runtimes.map(({ result }) => {
      const { median, slowest } = of(result);
      return `**${milliseconds(median)}** (slowest ${milliseconds(slowest)})`;
    }),
  ];
  return table(
    ['phase', ...runtimes.map(({ name }) => name)],
    [
      ...phases,
      total('the kit adds', ({ kitAddsMs }) => kitAddsMs),
      total('from the hook to live, without the tests', ({ liveMs }) => liveMs),
    ],
  );
}

function rollbackTable({ inDeployerMs, asCommandMs, builtBeforeMs }: RollbackResult): string {
  const row = (what: string, summary: Summary): string[] => [
    what,
    milliseconds(summary.median),
    milliseconds(summary.slowest),
    String(summary.count),
  ];
  return table(
    ['', 'median', 'slowest', 'times'],
    [
      row('in the deployer, from the request to LIVE', inDeployerMs),
      row('as `npm run -s rollback`, to its exit', asCommandMs),
      row('a deploy of a commit that was built before, from the request to LIVE', builtBeforeMs),
    ],
  );
}

function oldSlotLine({ shifts, requests, late, latestMs, failed }: OldSlotResult): string {
  return `${count(shifts)} shifts, ${count(requests)} requests: ${late} reached the previous slot more than 2 ms after the rename (the latest ${round(latestMs)} ms after it), and ${failed} failed.`;
}

function throughputTable({ sample, bare }: ThroughputResult): string {
  const row = (what: string, each: ThroughputResult['bare']): string[] => [
    what,
    count(Math.round(each.perSecond.table)),
    count(Math.round(each.perSecond.plain)),
    interval(each),
    String(each.pairs),
  ];
  return table(
    ['behind it', 'with the table /s', 'plain nginx /s', 'ratio (95 %)', 'pairs'],
    [row('the sample app', sample), row('a bare Node app', bare)],
  );
}

function peersTable({ rows }: PeersResult): string {
  const windows = ['requests/s', 'p50', 'p99'].flatMap((what) => [`${what} still`, 'while switching']);
  return table(
    ['', 'version', 'switches', 'failed per switch', ...windows],
    rows.map(({ name, version, switches, failedPerSwitch, still, switching }) => [
      name,
      version,
      String(switches),
      String(round(failedPerSwitch)),
      count(Math.round(still.perSecond)),
      count(Math.round(switching.perSecond)),
      milliseconds(still.p50),
      milliseconds(switching.p50),
      milliseconds(still.p99),
      milliseconds(switching.p99),
    ]),
  );
}

function installTable({ before, during, p99, perSecond, seconds, failed }: InstallResult): string {
  const latencies = table(
    ['', 'p50', 'p99'],
    [
      ['before', milliseconds(before.p50), milliseconds(before.p99)],
      ['while a release is installed, tested and built', milliseconds(during.p50), milliseconds(during.p99)],
    ],
  );
  return `${latencies}\n\np99 during, of p99 before: ${interval(p99)}, ${p99.pairs} pairs of about ${Math.round(seconds)} s at ${perSecond} requests a second; ${failed} failed.`;
}

function skippedList(skipped: Skipped[]): string {
  if (skipped.length === 0) return 'Nothing was skipped.';
  return skipped
    .map(({ name, why, install }) => `- **${name}**: ${why}.${install ? ` \`${install}\`` : ''}`)
    .join('\n');
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return '–';
  return ms < 1000 ? `${round(ms)} ms` : duration(ms);
}
