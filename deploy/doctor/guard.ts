/** The guard, which starts PM2's daemon and the deployer again when both are killed at once. */
import { guardsOf } from '../guarding';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { Patient } from './patient';

export function checkGuard(patient: Patient): Judgement[] {
  const [guard] = guardsOf(patient.home());
  if (guard) return [ok(`pid ${guard.pid}`)];
  return [
    fault("No guard runs: PM2's daemon and the deployer would stay dead if both were killed.", 'npm start'),
  ];
}
