import path from 'node:path';
import type { DeployContext } from '../../../deploy/context';
import type { RunningSlot } from '../../../deploy/core/slot';
import {
  exitedBeforeFirstProbe,
  newWatchedSlot,
  recentRestarts,
} from '../../../deploy/deployer/watched-slot';
import { Journal } from '../../../deploy/journal/journal';
import { machineMs } from '../../../deploy/os/machine-clock';
import { commit } from '../../support/deployments';
import { afterwards, tempHome } from '../../support/temp-home';

const HOUR_MS = 3_600_000;

afterEach(() => jest.restoreAllMocks());

it.each([
  ['back', -HOUR_MS],
  ['forward', HOUR_MS],
])('a restart counts as recent even if the clock was set %s by an hour since', (_direction, step) => {
  const state = newWatchedSlot();
  const at = machineMs();
  state.process = { pid: 1, instance: 'a', since: at, answered: true };
  state.restarts.push({ at, instance: 'a', why: 'unhealthy' });
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + step);
  const { unhealthy, lastAgoMs } = recentRestarts(state);
  expect(unhealthy).toBe(1);
  expect(lastAgoMs).toBeGreaterThanOrEqual(0);
  expect(lastAgoMs).toBeLessThan(HOUR_MS);
});

it('an exit before the first probe is reported once, whatever the report says', async () => {
  const dir = tempHome();
  const journal = Journal.open({ journal: path.join(dir, 'journal.db'), dir });
  afterwards(() => journal.close());
  await journal.prepare();
  await journal.adopt({ slot: 'blue', commit: commit('a'), version: '1', instance: 'i', restarts: 0 });
  const context = { journal } as DeployContext;
  const running = { slot: 'blue', instance: 'i', restarts: 1, pid: 7 } as RunningSlot;
  const isNews = (): boolean => exitedBeforeFirstProbe(context, null, running);

  expect(isNews()).toBe(true);
  await journal.record(null, { type: 'incident', reason: 'silent', message: 'blue exited', slot: 'blue' });
  await journal.record(null, { type: 'incident', reason: 'exited', message: 'any words', slot: 'green' });
  expect(isNews()).toBe(true);
  await journal.record(null, { type: 'incident', reason: 'exited', message: 'any words', slot: 'blue' });
  expect(isNews()).toBe(false);
});
