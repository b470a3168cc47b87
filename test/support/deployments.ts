/** Deployments as the journal returns them, for tests of the decisions based on them. */
import type { Deployment } from '../../deploy/core/deployment';
import type { Plan } from '../../deploy/core/plan';
import type { Proof } from '../../deploy/core/slot';
import { INITIAL_FACTS } from '../../deploy/journal/rows';

/** A full commit id from its first digits: `commit('a1')`. */
export function commit(digits: string): string {
  return digits.padEnd(40, '0');
}

/** A deployment with these fields; the rest is empty. */
export function deployment(known: Partial<Deployment>): Deployment {
  return {
    ...INITIAL_FACTS,
    id: 1,
    kind: 'deploy',
    trigger: 'push',
    branch: null,
    commit: null,
    slot: null,
    hold: false,
    strategy: 'blue-green',
    state: 'queued',
    delivery: null,
    createdAt: 1_000,
    ...known,
  };
}

export const PROOF: Proof = { slot: 'green', commit: commit('b2'), instance: 'new', restarts: 0 };

/** The plan of a blue/green deployment from blue to an empty green. */
export const TO_GREEN: Plan = [
  { step: { do: 'start', ...PROOF }, undo: [{ do: 'stop', slot: 'green' }] },
  { step: { do: 'verify', ...PROOF }, undo: [] },
  {
    step: { do: 'shift', to: { active: 'green', standby: 'blue' } },
    undo: [{ do: 'shift', to: { active: 'blue', standby: null } }],
  },
  { step: { do: 'verify-live', ...PROOF }, undo: [] },
  { step: { do: 'bake', ...PROOF, seconds: 10 }, undo: [] },
];
