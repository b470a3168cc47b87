/**
 * The clone's configuration file becomes unusable and the deployer restarts: it continues with the last valid
 * configuration, and status, pushes and doctor report it.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { applyFix, diagnose, expectFault, untilHealthy, WITH_COMMANDS } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { processesWith } from '../../deploy/os/process-table';
import { until } from '../support/until';

jest.setTimeout(240_000);

const KEEPS_USING = /^! deploy\.config\.js.*; Switchyard keeps using the last valid configuration$/m;
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
  ['a thrown error', 'throw new Error("no way");'],
  ['a missing module', 'module.exports = require("./nowhere");'],
  ['an unknown key', 'module.exports = { nane: "other" };'],
  ['an endless loop', 'for (;;);'],
])('with %s in its configuration the deployer restarts, deploys and rolls back', async (_, text) => {
  clone.write(FILE, text);
  await restartDeployer();

  const status = await clone.switchyard('status');
  expectDone(status);
  expect(status.text).toMatch(KEEPS_USING);
  await clone.git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--allow-empty', '-m', 'x');
  const pushed = expectLive(await clone.git('push', 'live', 'main'));
  expect(pushed.text).toMatch(/^remote: ! deploy\.config\.js.*; Switchyard keeps using/m);
  expectLive(await clone.switchyard('rollback'));
  expect((await expectFault(clone, 'configuration')).message).toContain(FILE);

  clone.change(WITH_COMMANDS);
  await untilHealthy(clone);
});

it('a removed configuration does not mean the defaults, and doctor prints how to restore it', async () => {
  rmSync(path.join(clone.dir, FILE));
  await restartDeployer();

  expect((await clone.switchyard('status')).text).toMatch(KEEPS_USING);
  const fault = await expectFault(clone, 'configuration');
  expect(fault.message).toBe('deploy.config.js is gone.');
  await applyFix(clone, fault);
});

it('npm start restores the live release after a reboot although the configuration is broken', async () => {
  const { commit } = await clone.serving();
  clone.write(FILE, 'module.exports = {');
  // refused while everything runs, because nothing depends on it
  expect((await clone.start()).text).toContain('E_CONFIG');
  expectDone(await clone.switchyard('stop'));

  const result = expectDone(await clone.start());

  expect(result.text).toMatch(KEEPS_USING);
  expect(await clone.serving()).toMatchObject({ commit });
  clone.change(WITH_COMMANDS);
  expect((await diagnose(clone)).faults).toEqual({});
});

/** Kills the deployer and waits until the process manager has restarted it. */
async function restartDeployer(): Promise<void> {
  const pid = deployerPid();
  process.kill(pid as number, 'SIGKILL');
  await until('another deployer', () => deployerPid() !== null && deployerPid() !== pid);
  await until('the deployer to answer', async () =>
    (await clone.switchyard('status')).text.includes('deployer is running'),
  );
}

function deployerPid(): number | null {
  const found = processesWith('SWITCHYARD_HOME', clone.home.dir);
  return found.find(({ argv }) => argv.some((word) => word.endsWith('daemon.js')))?.pid ?? null;
}
