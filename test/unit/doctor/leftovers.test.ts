import type { Deployment } from '../../../deploy/core/deployment';
import type { DoctorContext } from '../../../deploy/doctor/context';
import { checkLeftovers } from '../../../deploy/doctor/leftovers';
import { homeAt } from '../../../deploy/home/home';
import { tempHome } from '../../support/temp-home';

/** A journal with an active deployment; no process has the lock now. */
function contextWith({ wasLocked }: { wasLocked: boolean }): DoctorContext {
  const home = homeAt(tempHome());
  return {
    home: () => home,
    atWork: () => ({ id: 7 }) as Deployment,
    wasLocked: () => wasLocked,
    running: () => Promise.resolve([]),
    table: () => ({ active: null, standby: null }),
  } as unknown as DoctorContext;
}

it('a deployment that was active without the lock has died', async () => {
  const [finding] = await checkLeftovers(contextWith({ wasLocked: false }));
  expect(finding?.message).toBe('Deployment 7 died and was not undone.');
});

it('a deployment that has ended since the journal was read has not died', async () => {
  expect(await checkLeftovers(contextWith({ wasLocked: true }))).toMatchObject([{ status: 'ok' }]);
});
