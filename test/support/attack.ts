/** Runs an attack while users send requests, and measures its effect on users and on the machine. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { processesWith } from '../../deploy/os/process-table';
import { processesOf } from '../../deploy/traffic/nginx-processes';
import type { LiveClone } from './live-clone';
import { startLoad } from './load';

/** Attackers have their own address, so limits per address affect them and not the users. */
export const ATTACKER = '127.0.0.66';

const SAMPLE_EVERY_MS = 500;
const MEGABYTE = 1024 ** 2;

/** Ends when the signal aborts. */
export type Attack = (clone: LiveClone, signal: AbortSignal) => Promise<void>;

export interface Damage {
  attack: string;
  /** The users' requests during the attack. */
  requests: number;
  failures: number;
  slowestMs: number;
  /** The increase over the values before the attack, in megabytes: resident memory, and the size of the home. */
  deployerMb: number;
  nginxMb: number;
  diskMb: number;
}

/** @param seconds the duration of the attack */
export async function underAttack(
  clone: LiveClone,
  { attack, name, seconds }: { attack: Attack; name: string; seconds: number },
): Promise<Damage> {
  const users = startLoad({
    port: clone.ports.http,
    connections: 8,
    mix: [{ method: 'GET', path: '/work' }],
    slow: null,
    pauseMs: 20,
    timeoutMs: 10_000,
  });
  try {
    await users.more(50);
    const before = sizes(clone);
    const peak = { ...before };
    const ending = AbortSignal.timeout(seconds * 1000);
    const attacking = attack(clone, ending);
    while (!ending.aborted) {
      await sleep(SAMPLE_EVERY_MS);
      const now = sizes(clone);
      for (const key of ['deployer', 'nginx', 'disk'] as const) peak[key] = Math.max(peak[key], now[key]);
    }
    await attacking;
    const { requests, failures, slowestMs } = await users.stop();
    const grown = (key: keyof Sizes): number => Math.round((peak[key] - before[key]) / MEGABYTE);
    return {
      attack: name,
      requests,
      failures,
      slowestMs,
      deployerMb: grown('deployer'),
      nginxMb: grown('nginx'),
      diskMb: grown('disk'),
    };
  } finally {
    await users.stop();
  }
}

/**
 * Sends the same bytes over many connections from the attacker's address as fast as the server accepts them, and
 * ignores the answers. Reopens closed connections.
 */
export async function flood(
  port: number,
  bytes: string,
  connections: number,
  signal: AbortSignal,
): Promise<void> {
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, localAddress: ATTACKER });
      const send = (): void => {
        while (!signal.aborted && socket.writable && socket.write(bytes));
      };
      const stop = (): void => void socket.destroy();
      signal.addEventListener('abort', stop, { once: true });
      socket.on('connect', send).on('drain', send).on('data', send).on('error', stop);
      socket.on('close', () => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
    });
  const again = async (): Promise<void> => {
    while (!signal.aborted) await one();
  };
  await Promise.all(Array.from({ length: connections }, again));
}

/** A table with one line for each attack. */
export function report(damages: Damage[]): string {
  const rows = damages.map(
    ({ attack, requests, failures, slowestMs, deployerMb, nginxMb, diskMb }) =>
      `${attack.padEnd(34)} ${String(requests).padStart(7)} ${String(failures).padStart(6)} ` +
      `${String(slowestMs).padStart(7)} ${`+${deployerMb}`.padStart(9)} ${`+${nginxMb}`.padStart(6)} ${`+${diskMb}`.padStart(5)}`,
  );
  const head = `${'attack'.padEnd(34)} requests failed slowest  deployer  nginx  disk`;
  return [head, ...rows].join('\n');
}

interface Sizes {
  deployer: number;
  nginx: number;
  disk: number;
}

/** In bytes. */
function sizes({ home }: LiveClone): Sizes {
  const deployers = processesWith('SWITCHYARD_HOME', home.dir)
    .filter(({ argv }) => argv.some((part) => part.endsWith('/daemon.js')))
    .map(({ pid }) => pid);
  const total = execFileSync('du', ['-skc', home.logs, home.nginx, home.pm2], { encoding: 'utf8' });
  return {
    deployer: resident(deployers),
    nginx: resident(processesOf(home)),
    disk: Number(/(\d+)\ttotal\n$/.exec(total)?.[1]) * 1024,
  };
}

function resident(pids: number[]): number {
  return pids.reduce((sum, pid) => sum + residentOf(pid), 0);
}

function residentOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
