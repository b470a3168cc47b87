/** Doctor's checks for logs that are no longer written under their names, with each fix run as printed. */
import { chmodSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { masterOf } from '../../deploy/traffic/nginx-processes';
import { applyFix, expectFault, WITH_COMMANDS } from '../support/doctor';
import { needs, root } from '../support/needs';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

let clone: TinyClone;
beforeAll(async () => {
  // no scheduled rotation interferes
  clone = await tinyClone({ schedules: { poll: null, prune: null, rotate: null } });
  clone.change(WITH_COMMANDS);
  await clone.commit('with the commands');
  expect((await clone.start()).text).toContain('is live on blue');
});
afterAll(() => clone.cleanUp());

it('no other user can read a log of nginx, PM2 or a deployment', () => {
  const { logs } = clone.home;
  const names = readdirSync(logs);
  expect(names).toEqual(
    expect.arrayContaining(['access.log', 'app-blue.log', 'deployer.log', 'deployments.log']),
  );
  expect(names.filter((name) => (statSync(path.join(logs, name)).mode & 0o077) !== 0)).toEqual([]);
  expect(statSync(logs).mode & 0o067).toBe(0);
});

needs('root', root).test(
  'doctor names a log folder that nginx cannot enter after a rotation, and its fix opens it',
  async () => {
    const { logs, accessLog } = clone.home;
    chmodSync(logs, 0o700);
    renameSync(accessLog, `${accessLog}.1`);
    process.kill(masterOf(clone.home) as number, 'SIGUSR1');

    const fault = await expectFault(clone, 'logs');

    expect(fault.message).toContain(`may not enter ${logs}: it cannot open a new log after a rotation.`);
    await applyFix(clone, fault);
    await expectCounted();
  },
);

it('doctor names an nginx log that an operator removed, and its fix makes nginx open a new one', async () => {
  rmSync(clone.home.accessLog);

  const fault = await expectFault(clone, 'logs');

  expect(fault.message).toBe('nginx still writes to access.log (deleted).');
  await applyFix(clone, fault);
  await expectCounted();
});

it('doctor names a renamed app log that PM2 still writes to', async () => {
  const log = path.join(clone.home.logs, 'app-blue.log');
  renameSync(log, `${log}.1`);

  const fault = await expectFault(clone, 'logs');

  expect(fault.message).toBe('PM2 still writes to app-blue.log.1.');
  await applyFix(clone, fault);
  expect(statSync(log).mode & 0o777).toBe(0o600);
});

async function expectCounted(): Promise<void> {
  await clone.get('/version?counted');
  const counted = (): boolean => readFileSync(clone.home.accessLog, 'utf8').includes('"uri":"/version"');
  await until('a line in the new log', counted);
}
