import { isStale } from '../../../deploy/deployer/stale-logs';

it('a log is stale when it was renamed by a rotation, removed, or both', () => {
  for (const name of ['access.log.1', 'access.log.12', 'access.log (deleted)', 'access.log.1 (deleted)']) {
    expect(isStale('access.log', name)).toBe(true);
  }
  for (const name of ['access.log', 'access.log.old', 'nginx-error.log.1', 'my-access.log.1']) {
    expect(isStale('access.log', name)).toBe(false);
  }
});
