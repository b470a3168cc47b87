/** Kills a deployment's process between two of its steps, exactly, in a clone whose program was told to obey. */
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PhaseName } from '../../deploy/core/event';
import type { LossyDisk } from '../support/lossy-disk';

/** When a process is to be killed. */
export type KillOrder = Moment & {
  /** The command that cuts the power of a disk just before. */
  cut?: LossyDisk['cutCommand'];
};

type Moment =
  /**
   * When so many of its steps have come to their end; the word LIVE counts as one. `told` false: the last of them is
   * done, and does not stand in the journal yet. `laterMs`: so many milliseconds after that.
   */
  | { after: number; told: boolean; laterMs?: number }
  /** When this phase of the preparation is over. */
  | { phase: PhaseName }
  /** So many milliseconds after the first thing that it tells. */
  | { afterMs: number };

const PROGRAM = 'deployment.js';
const KILLER = 'kill-order.js';

/** Before the clone is started: the process that waits for the first deployment is loaded then. */
export function obeyKillOrders(dir: string): void {
  const built = path.join(dir, 'dist', 'deploy');
  copyFileSync(path.join(__dirname, KILLER), path.join(built, KILLER));
  const program = path.join(built, PROGRAM);
  writeFileSync(program, `require('./${KILLER}');\n${readFileSync(program, 'utf8')}`);
}

/** The first is for the next deployment's process, the second for the one that takes it back, and so on. */
export function orderKills(dir: string, orders: KillOrder[]): void {
  rmSync(inBuild(dir, 'killed.json'), { force: true });
  writeFileSync(inBuild(dir, 'kill-orders.json'), JSON.stringify(orders));
}

/** Whether a process has begun to obey the only order. */
export function isObeying(dir: string): boolean {
  return readFileSync(inBuild(dir, 'kill-orders.json'), 'utf8') === '[]';
}

/** Whether an order was obeyed. */
export function isKilled(dir: string): boolean {
  return existsSync(inBuild(dir, 'killed.json'));
}

/** When they were killed, in milliseconds since 1970. What nobody has come to is not for the next deployment. */
export function killsDone(dir: string): number[] {
  rmSync(inBuild(dir, 'kill-orders.json'), { force: true });
  const killed = inBuild(dir, 'killed.json');
  return existsSync(killed) ? readFileSync(killed, 'utf8').trim().split('\n').map(Number) : [];
}

function inBuild(dir: string, name: string): string {
  return path.join(dir, 'dist', 'deploy', name);
}
