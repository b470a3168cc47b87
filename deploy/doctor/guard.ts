/** Checks that the guard runs, which restarts PM2's daemon and the deployer when both are killed at once. */
import { guardProcesses } from '../deployer/guard-process';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { DoctorContext } from './context';

export function checkGuard(context: DoctorContext): Judgement[] {
  const [guard] = guardProcesses(context.home());
  if (guard) return [ok(`pid ${guard.pid}`)];
  return [
    fault("No guard runs: PM2's daemon and the deployer would stay dead if both were killed.", 'npm start'),
  ];
}
