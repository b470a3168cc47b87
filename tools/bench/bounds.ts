/** Checks the measurements against the bounds that the project states. Pure. */
import type { Bound, Results } from './results';
import type { InstallResult } from './sections/install';
import type { OldSlotResult } from './sections/old-slot';
import type { PeersResult } from './sections/peers';
import type { PushResult } from './sections/push';
import type { RollbackResult } from './sections/rollback';
import type { ThroughputResult } from './sections/throughput';
import type { Ratio } from './statistics';

/** The bounds of the parts that ran. */
export function boundsOf({ push, rollback, oldSlot, throughput, peers, install }: Results): Bound[] {
  return [
    ...(push ? pushBounds('PM2', push.pm2) : []),
    ...(push?.compose ? pushBounds('Compose', push.compose) : []),
    ...(rollback ? rollbackBounds(rollback) : []),
    ...(oldSlot ? oldSlotBounds(oldSlot) : []),
    ...(throughput ? throughputBounds(throughput) : []),
    ...(peers ? peerBounds(peers) : []),
    ...(install ? installBounds(install) : []),
  ];
}

function pushBounds(runtime: string, { kitAddsMs, liveMs }: PushResult): Bound[] {
  return [
    atMostMs(`${runtime}: what the kit adds to your own test, build and start`, 400, kitAddsMs.median),
    atMostMs(
      `${runtime}: the sample app live after the push has reached the hook, without its tests`,
      3000,
      liveMs.median,
    ),
  ];
}

function rollbackBounds({ inDeployerMs, asCommandMs, builtBeforeMs }: RollbackResult): Bound[] {
  return [
    atMostMs('a warm rollback in the deployer, from the request to LIVE', 50, inDeployerMs.median),
    atMostMs('a warm rollback as `npm run -s rollback`, to its exit', 500, asCommandMs.median),
    atMostMs('a commit that was built before, from the request to LIVE', 1000, builtBeforeMs.median),
  ];
}

function oldSlotBounds({ late, failed, shifts, latestMs }: OldSlotResult): Bound[] {
  return [
    {
      what: 'requests that reach the previous slot more than 2 ms after the rename',
      allowed: '0',
      measured: `${late} in ${shifts} shifts (the latest ${round(latestMs)} ms)`,
      kept: late === 0,
    },
    {
      what: 'requests that fail in these shifts',
      allowed: '0',
      measured: String(failed),
      kept: failed === 0,
    },
  ];
}

function throughputBounds({ sample, bare }: ThroughputResult): Bound[] {
  return [
    {
      what: 'throughput with the sample app, of a plain nginx',
      allowed: 'not measurably below 1',
      measured: interval(sample),
      kept: sample.high >= 1,
    },
    {
      what: 'throughput with a bare Node app, of a plain nginx',
      allowed: 'at least 0.95',
      measured: interval(bare),
      kept: bare.ratio >= 0.95,
    },
  ];
}

function peerBounds({ rows }: PeersResult): Bound[] {
  const ours = rows.find(({ name }) => name === 'Switchyard');
  const reload = rows.find(({ name }) => name === 'nginx -s reload');
  if (!ours || !reload) return [];
  return [
    {
      what: 'failed requests per switch, ours',
      allowed: '0',
      measured: `${ours.switching.failed} in ${ours.switches} switches`,
      kept: ours.switching.failed === 0,
    },
    {
      what: '`nginx -s reload` loses requests under this load, or it measures nothing',
      allowed: 'more than 0',
      measured: `${reload.switching.failed} in ${reload.switches} switches`,
      kept: reload.switching.failed > 0,
    },
  ];
}

function installBounds({ p99, failed }: InstallResult): Bound[] {
  return [
    {
      what: 'p99 of the live app while a release is installed and built, of its p99 before',
      allowed: 'at most 1.5',
      measured: interval(p99),
      kept: p99.ratio <= 1.5,
    },
    {
      what: 'requests that fail during this time',
      allowed: '0',
      measured: String(failed),
      kept: failed === 0,
    },
  ];
}

function atMostMs(what: string, limit: number, measured: number): Bound {
  return { what, allowed: `${limit} ms`, measured: `${round(measured)} ms`, kept: measured <= limit };
}

export function interval({ ratio, low, high }: Ratio): string {
  return `${ratio.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

/** Below 10 to one decimal. */
export function round(value: number): number {
  return value < 10 ? Math.round(value * 10) / 10 : Math.round(value);
}
