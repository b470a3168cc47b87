/** Runs an attack while users send requests, and measures its effect on users and on the machine. */
import { execFileSync } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from '../../deploy/home/home';
import { processesOf } from '../../deploy/traffic/nginx-processes';
import { deployersOf } from './crash';
import type { LiveClone } from './live-clone';
import { startLoad } from './load';
import { bufferedBytes } from './nginx-buffers';

const SECONDS = 15;
const SAMPLE_EVERY_MS = 500;
const MEGABYTE = 1024 ** 2;

/** Ends when the signal aborts. Resolves with the number of the attackers' requests. */
export type Attack = (signal: AbortSignal) => Promise<number>;

export interface Damage {
  attack: string;
  /** The attackers' requests. */
  attackers: number;
  /** The users' requests during the attack. */
  requests: number;
  failures: number;
  slowestMs: number;
  /** Before the attack, and the maximum during it. */
  before: Sizes;
  most: Sizes;
}

/** In megabytes: resident memory of the deployer and of nginx; logs, and files in which nginx buffers bodies. */
interface Sizes {
  deployer: number;
  nginx: number;
  disk: number;
}

/** @param meanwhile the operator's actions; the attack lasts as long as they do, and at least SECONDS */
export async function underAttack(
  clone: LiveClone,
  name: string,
  attack: Attack,
  meanwhile: () => Promise<void>,
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
    const most = { ...before };
    const ending = new AbortController();
    const attacking = attack(ending.signal);
    const over = Promise.all([meanwhile(), sleep(SECONDS * 1000)]).finally(() => ending.abort());
    while (!(await Promise.race([over, attacking, sleep(SAMPLE_EVERY_MS)]))) {
      const now = sizes(clone);
      for (const key of ['deployer', 'nginx', 'disk'] as const) most[key] = Math.max(most[key], now[key]);
    }
    await over;
    const attackers = await attacking;
    const { requests, failures, slowestMs } = await users.stop();
    return { attack: name, attackers, requests, failures, slowestMs, before, most };
  } finally {
    await users.stop();
  }
}

/** The number of answers by status. */
export type Answers = Record<string, number>;

export interface Flood {
  /** Connection n repeats the n-th request, and starts again with the first one after the last. */
  requests: (string | Buffer)[];
  connections: number;
  /** Addresses of this machine, used in the same order. */
  from: string[];
}

/** Sends requests as fast as the server accepts them, and reopens closed connections. Ends when the signal aborts. */
export async function flood(
  port: number,
  { requests, connections, from }: Flood,
  signal: AbortSignal,
): Promise<Answers> {
  const answers: Answers = {};
  setMaxListeners(connections, signal);
  const one = (number: number): Promise<void> =>
    new Promise((resolve) => {
      const localAddress = from[number % from.length] as string;
      const request = requests[number % requests.length] as string;
      const socket = connect({ host: '127.0.0.1', port, localAddress });
      // one write for each turn of the event loop: a server that keeps up would otherwise hold it for ever
      const send = (): void => {
        if (!signal.aborted && socket.writable && socket.write(request)) setImmediate(send);
      };
      const stop = (): void => void socket.destroy();
      signal.addEventListener('abort', stop, { once: true });
      socket.on('connect', send).on('drain', send).on('error', stop);
      socket.on('data', (data) => {
        for (const [, status = ''] of data.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3}) /g))
          answers[status] = (answers[status] ?? 0) + 1;
      });
      socket.on('close', () => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
    });
  const again = async (_: unknown, number: number): Promise<void> => {
    while (!signal.aborted) await one(number);
  };
  await Promise.all(Array.from({ length: connections }, again));
  return answers;
}

/** Requests the same path over many connections, and reads the responses slowly. */
export async function readSlowly(
  port: number,
  { path, connections, from }: { path: string; connections: number; from: string },
  signal: AbortSignal,
): Promise<number> {
  const sockets: Socket[] = [];
  for (let number = 0; number < connections; number += 1) {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from });
    socket.on('error', () => undefined).on('readable', () => undefined);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: app\r\n\r\n`);
    sockets.push(socket);
  }
  while (!signal.aborted) {
    for (const socket of sockets) socket.read(1024);
    await sleep(50);
  }
  for (const socket of sockets) socket.destroy();
  return connections;
}

/** A Markdown table with one line for each attack; memory and disk in MB. */
export function report(damages: Damage[]): string {
  const head = [
    'attack',
    "attackers' requests",
    "users' requests",
    'failed',
    'slowest',
    'deployer',
    'nginx',
    'disk',
  ];
  const rows = damages.map(({ attack, attackers, requests, failures, slowestMs, before, most }) => [
    attack,
    ...[attackers, requests, failures].map((number) => number.toLocaleString('en')),
    `${slowestMs.toLocaleString('en')} ms`,
    ...(['deployer', 'nginx', 'disk'] as const).map((key) => `${before[key]} → ${most[key]}`),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function sizes({ home }: LiveClone): Sizes {
  return {
    deployer: resident(deployersOf(home).map(({ pid }) => pid)),
    nginx: resident(processesOf(home)),
    disk: diskUse(home),
  };
}

/** In megabytes. */
export function diskUse(home: Home): number {
  const total = execFileSync('du', ['-skc', home.logs, home.nginx, home.pm2], { encoding: 'utf8' });
  const inFiles = Number(/(\d+)\ttotal\n$/.exec(total)?.[1]) * 1024;
  return Math.round((inFiles + bufferedBytes(home)) / MEGABYTE);
}

function resident(pids: number[]): number {
  return Math.round(pids.reduce((sum, pid) => sum + residentOf(pid), 0) / MEGABYTE);
}

function residentOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
