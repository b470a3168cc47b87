/** How a deployment ends in the journal. */
import type { KnownError } from '../core/errors';
import type { DeploymentState } from '../core/types';
import type { Yard } from '../yard';

/** It went through: to its end, to a bake that an operator ended, or there was nothing to do. */
export async function finish(yard: Yard, id: number, end: 'done' | 'ended' | 'already-live'): Promise<void> {
  if (end === 'ended') {
    const cause = 'an operator rolled it back during its bake';
    await yard.journal.move(id, 'rolled-back', { fault: 'operator', cause });
    return;
  }
  if (end === 'already-live')
    await yard.journal.tell(id, { type: 'warning', message: 'this version is live already' });
  await yard.journal.move(id, 'succeeded');
}

/** It failed and was taken back. */
export async function fail(yard: Yard, id: number, error: KnownError): Promise<void> {
  await yard.journal.move(id, endState(yard, id, error), {
    fault: error.fault,
    errorCode: error.code,
    cause: error.message,
  });
}

function endState(yard: Yard, id: number, error: KnownError): DeploymentState {
  if (error.code === 'E_ABORTED') return 'aborted';
  if (error.code === 'E_INTERRUPTED') return 'interrupted';
  return trafficMoved(yard, id) ? 'rolled-back' : 'failed';
}

/** True when users were sent to the new release before it was taken back. */
function trafficMoved(yard: Yard, id: number): boolean {
  const to = yard.journal.get(id)?.to;
  const plan = yard.journal.get(id)?.plan ?? [];
  return yard.journal.since(0, id).some(({ entry }) => {
    if (entry.type !== 'phase' || entry.phase !== 'shift' || entry.undo || entry.status !== 'done')
      return false;
    const step = plan[entry.step ?? -1]?.step;
    return step?.do === 'shift' && step.to.active === to?.slot;
  });
}
