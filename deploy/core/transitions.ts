/** The life cycle of a deployment: which state may follow which. */
import type { DeploymentState } from './deployment';

const NEXT: Record<DeploymentState, readonly DeploymentState[]> = {
  queued: ['running', 'superseded', 'aborted', 'failed'],
  running: ['holding', 'baking', 'succeeded', 'failed', 'rolled-back', 'aborted', 'interrupted'],
  holding: ['running', 'baking', 'succeeded', 'failed', 'rolled-back', 'aborted', 'interrupted'],
  baking: ['succeeded', 'rolled-back', 'aborted', 'interrupted'],
  succeeded: [],
  failed: [],
  'rolled-back': [],
  aborted: [],
  superseded: [],
  interrupted: [],
};

/** True if a deployment may change from one state to the other. */
export function mayFollow(from: DeploymentState, to: DeploymentState): boolean {
  return NEXT[from].includes(to);
}

/** True if the deployment has reached a final state. */
export function isOver(state: DeploymentState): boolean {
  return NEXT[state].length === 0;
}

/** True while a process is working on the deployment. */
export function isActive(state: DeploymentState): boolean {
  return state === 'running' || state === 'holding' || state === 'baking';
}
