/** Checks for the guard, which restarts PM2's daemon and the deployer if both are killed at the same time. */
import { guardProcesses } from '../deployer/guard-process';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { DoctorContext } from './context';

export function checkGuard(context: DoctorContext): Judgement[] {
  const [guard] = guardProcesses(context.home());
  if (guard) return [ok(`pid ${guard.pid}`)];
  return [
    fault(
      "The guard is not running: PM2's daemon and the deployer would stay dead if both were killed.",
      'npm start',
    ),
  ];
}
