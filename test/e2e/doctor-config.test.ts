/**
 * The clone's configuration file cannot be used any more, and the deployer is started again: all goes on with the
 * configuration that was checked last, and everybody who looks is told.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { applyFix, diagnose, expectFault, untilHealthy, WITH_COMMANDS } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { processesWith } from '../../deploy/os/process-table';
import { until } from '../support/until';

jest.setTimeout(240_000);

const GOES_ON = /^! deploy\.config\.js.*; Switchyard keeps using the last valid configuration$/m;
const FILE = 'deploy.config.js';

let clone: TinyClone;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 }, name: 'kept' });
  clone.change(WITH_COMMANDS);
  await clone.commit('with the commands');
  expectDone(await clone.start());
  expectLive(await clone.release(WITH_COMMANDS));
});
afterAll(() => clone.cleanUp());

it.each([
  ['a syntax error', 'module.exports = {'],
  ['an error of its own', 'throw new Error("no way");'],
  ['a missing module', 'module.exports = require("./nowhere");'],
  ['an unknown key', 'module.exports = { nane: "other" };'],
  ['no end', 'for (;;);'],
])('with %s in its configuration the deployer starts again, deploys and rolls back', async (_, text) => {
  clone.write(FILE, text);
  await deployerStartsAgain();

  const status = await clone.switchyard('status');
  expectDone(status);
  expect(status.text).toMatch(GOES_ON);
  await clone.git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--allow-empty', '-m', 'x');
  const pushed = expectLive(await clone.git('push', 'live', 'main'));
  expect(pushed.text).toMatch(/^remote: ! deploy\.config\.js.*; Switchyard keeps using/m);
  expectLive(await clone.switchyard('rollback'));
  expect((await expectFault(clone, 'configuration')).message).toContain(FILE);

  clone.change(WITH_COMMANDS);
  await untilHealthy(clone);
});

it('a configuration that was removed is no wish for the defaults, and comes back as doctor says', async () => {
  rmSync(path.join(clone.dir, FILE));
  await deployerStartsAgain();

  expect((await clone.switchyard('status')).text).toMatch(GOES_ON);
  const fault = await expectFault(clone, 'configuration');
  expect(fault.message).toBe('deploy.config.js is gone.');
  await applyFix(clone, fault);
});

it('what was live comes back at npm start though the configuration is broken, as after a reboot', async () => {
  const { commit } = await clone.serving();
  clone.write(FILE, 'module.exports = {');
  // while all of it runs nothing is at stake, and it is refused
  expect((await clone.start()).text).toContain('E_CONFIG');
  expectDone(await clone.switchyard('stop'));

  const said = expectDone(await clone.start());

  expect(said.text).toMatch(GOES_ON);
  expect(await clone.serving()).toMatchObject({ commit });
  clone.change(WITH_COMMANDS);
  expect((await diagnose(clone)).faults).toEqual({});
});

/** As the process manager does after it was killed. */
async function deployerStartsAgain(): Promise<void> {
  const pid = deployerPid();
  process.kill(pid as number, 'SIGKILL');
  await until('another deployer', () => deployerPid() !== null && deployerPid() !== pid);
  await until('its answer', async () => (await clone.switchyard('status')).text.includes('deployer runs'));
}

function deployerPid(): number | null {
  const found = processesWith('SWITCHYARD_HOME', clone.home.dir);
  return found.find(({ argv }) => argv.some((word) => word.endsWith('daemon.js')))?.pid ?? null;
}
