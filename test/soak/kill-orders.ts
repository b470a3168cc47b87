/** Kills a deployment's process exactly between two steps, in a clone whose program obeys kill orders. */
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PhaseName } from '../../deploy/core/event';
import type { LossyDisk } from '../support/lossy-disk';

/** When to kill a process. */
export type KillOrder = Moment & {
  /** The command that cuts a disk's power just before the kill. */
  cut?: LossyDisk['cutCommand'];
};

type Moment =
  /**
   * After this many finished steps; LIVE counts as one. With `recorded` false, before the journal records the last one.
   * `laterMs` adds a delay in milliseconds.
   */
  | { after: number; recorded: boolean; laterMs?: number }
  /** At the end of this preparation phase. */
  | { phase: PhaseName }
  /** This many milliseconds after its first journal entry. */
  | { afterMs: number };

const PROGRAM = 'deployment.js';
const KILLER = 'kill-order.js';

/** Call before the clone starts, because the process for the first deployment is loaded then. */
export function obeyKillOrders(dir: string): void {
  const built = path.join(dir, 'dist', 'deploy');
  copyFileSync(path.join(__dirname, KILLER), path.join(built, KILLER));
  const program = path.join(built, PROGRAM);
  writeFileSync(program, `require('./${KILLER}');\n${readFileSync(program, 'utf8')}`);
}

/** The first order is for the next deployment's process, the second for the one that recovers it, and so on. */
export function orderKills(dir: string, orders: KillOrder[]): void {
  rmSync(inBuild(dir, 'killed.json'), { force: true });
  writeFileSync(inBuild(dir, 'kill-orders.json'), JSON.stringify(orders));
}

/** Whether a process has taken the only order. */
export function isObeying(dir: string): boolean {
  return readFileSync(inBuild(dir, 'kill-orders.json'), 'utf8') === '[]';
}

/** Whether a process has killed itself. */
export function isKilled(dir: string): boolean {
  return existsSync(inBuild(dir, 'killed.json'));
}

/** The times of the kills, in milliseconds since 1970. Orders that were not reached are dropped. */
export function killsDone(dir: string): number[] {
  rmSync(inBuild(dir, 'kill-orders.json'), { force: true });
  const killed = inBuild(dir, 'killed.json');
  return existsSync(killed) ? readFileSync(killed, 'utf8').trim().split('\n').map(Number) : [];
}

function inBuild(dir: string, name: string): string {
  return path.join(dir, 'dist', 'deploy', name);
}
