/**
 * A private Docker engine that a test can kill and restart without affecting other containers. It has one image and
 * only the host's network.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { withDescendants } from '../../deploy/os/process-table';
import { BASE_IMAGE } from './docker';
import { docker, root } from './needs';
import { until } from './until';

export interface OwnEngine {
  /** For processes that should use this engine; this process already does. */
  env: { DOCKER_HOST: string };
  /** Starts the engine again, which restarts its containers. @param more options, such as `--live-restore` */
  start(...more: string[]): Promise<void>;
  /** Sends SIGKILL to the engine alone: its containers keep running. */
  die(): Promise<void>;
  /** Stops the engine from answering or restarting anything. */
  freeze(): void;
  /** Sends SIGKILL to the engine and its containers, as in a power failure. */
  kill(): Promise<void>;
  cleanUp(): Promise<void>;
}

/** The reason this machine cannot run a private engine, or null. */
export function ownEnginePossible(): string | null {
  const isThere = spawnSync('dockerd', ['--version'], { stdio: 'ignore' }).status === 0;
  return docker() ?? root() ?? (isThere ? null : 'there is no dockerd');
}

export async function ownEngine(): Promise<OwnEngine> {
  const folder = mkdtempSync(path.join(tmpdir(), 'engine-'));
  const host = `unix://${folder}/sock`;
  let engine = await startEngine(folder, host);
  const saved = path.join(folder, 'base.tar');
  execFileSync('docker', ['save', '--output', saved, BASE_IMAGE]);
  execFileSync('docker', ['--host', host, 'load', '--quiet', '--input', saved]);
  rmSync(saved);
  const hostBefore = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = host;
  return {
    env: { DOCKER_HOST: host },
    async start(...more) {
      engine = await startEngine(folder, host, more);
    },
    async die() {
      engine.kill('SIGKILL');
      await until('the engine to exit', () => engine.signalCode !== null);
    },
    freeze() {
      engine.kill('SIGSTOP');
    },
    async kill() {
      for (let pids = everyPidOf(folder); pids.length > 0; pids = everyPidOf(folder)) {
        for (const pid of pids) killNow(pid);
      }
      await until('the engine to exit', () => engine.exitCode !== null || engine.signalCode !== null);
    },
    async cleanUp() {
      if (hostBefore === undefined) delete process.env.DOCKER_HOST;
      else process.env.DOCKER_HOST = hostBefore;
      engine.kill('SIGTERM');
      await until('the engine to exit', () => engine.exitCode !== null || engine.signalCode !== null);
      for (const pid of everyPidOf(folder)) killNow(pid);
      // a killed engine leaves its mounts behind
      for (const at of mountsIn(folder)) spawnSync('umount', ['--lazy', at]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Returns when the engine answers. */
async function startEngine(folder: string, host: string, more: string[] = []): Promise<ChildProcess> {
  // containerd exits with the engine; another process or a zombie may hold the recorded pids
  for (const file of ['pid', 'exec/containerd/containerd.pid'])
    rmSync(path.join(folder, file), { force: true });
  const log = openSync(path.join(folder, 'log'), 'a');
  const places = ['--data-root', `${folder}/data`, '--exec-root', `${folder}/exec`];
  // leaves docker0, which it shares with the machine's engine, alone; `--bridge=none` would remove it
  const noNetwork = ['--iptables=false', '--ip-forward=false', '--ip-masq=false'];
  const args = [...places, '--pidfile', `${folder}/pid`, '--host', host, ...noNetwork, ...more];
  const engine = spawn('dockerd', args, { stdio: ['ignore', log, log] });
  closeSync(log);
  await until('the engine to answer', () => {
    if (engine.exitCode !== null)
      throw new Error(readFileSync(path.join(folder, 'log'), 'utf8').slice(-2000));
    return spawnSync('docker', ['--host', host, 'version'], { stdio: 'ignore' }).status === 0;
  });
  return engine;
}

/** The engine, its helpers, and every process in its containers. */
function everyPidOf(folder: string): number[] {
  return withDescendants(partsOf(folder)).filter((pid) => programOf(pid) !== '');
}

/** Processes whose command line names the folder: dockerd, containerd, and a shim for each container. */
function partsOf(folder: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => new RegExp(`^\\S*(dockerd|containerd)\\S* .*${folder}/`).test(programOf(pid)));
}

/** Empty for a process that has exited, including a zombie. */
function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // exited along with another process
  }
}

/** Innermost mount first. */
function mountsIn(folder: string): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return mounts
    .map((line) => line.split(' ')[4] ?? '')
    .filter((at) => at.startsWith(`${folder}/`))
    .reverse();
}
