import { machineMs } from '../../../deploy/os/machine-clock';
import { newlyWatched, recentRestarts } from '../../../deploy/deployer/watched-slot';

const HOUR_MS = 3_600_000;

afterEach(() => jest.restoreAllMocks());

it.each([
  ['back', -HOUR_MS],
  ['forward', HOUR_MS],
])('a restart counts as recent even if the clock was set %s by an hour since', (_direction, step) => {
  const state = newlyWatched();
  const at = machineMs();
  state.process = { pid: 1, instance: 'a', since: at, answered: true };
  state.restarts.push({ at, instance: 'a', why: 'unhealthy' });
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + step);
  const { unhealthy, lastAgoMs } = recentRestarts(state);
  expect(unhealthy).toBe(1);
  expect(lastAgoMs).toBeGreaterThanOrEqual(0);
  expect(lastAgoMs).toBeLessThan(HOUR_MS);
});
