import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { badCause } from '../../deploy/core/rollback-target';
import type { Deployment } from '../../deploy/core/deployment';
import type { Home } from '../../deploy/home/home';
import { homeAt } from '../../deploy/home/home';
import { Journal } from '../../deploy/journal/journal';
import { SPARE } from '../../deploy/deployer/launcher';
import { isLocked } from '../../deploy/journal/deployment-lock';
import { fingerprintOf } from '../../deploy/release/packages/fingerprint';
import { commit } from '../support/deployments';
import { startTypeScript } from '../support/second-process';
import { afterwards, tempHome } from '../support/temp-home';
import { until } from '../support/until';

const DEPLOYMENT = path.resolve(__dirname, '../../deploy/deployment.ts');
let home: Home;
let root: string;
let journal: Journal;

beforeEach(async () => {
  const dir = tempHome();
  home = homeAt(path.join(dir, 'home'));
  root = path.join(dir, 'clone');
  mkdirSync(home.dir);
  mkdirSync(root);
  journal = Journal.open(home);
  afterwards(() => journal.close());
  await journal.prepare();
});

test('a broken configuration in the clone fails the deployment with its cause and marks no commit bad', async () => {
  writeFileSync(path.join(root, 'deploy.config.js'), 'module.exports = { brnach: "main" };');
  const ended = await run({ commit: commit('a') });
  expect(ended).toMatchObject({
    state: 'failed',
    errorCode: 'E_CONFIG',
    cause: 'deploy.config.js: unknown key "brnach".',
  });
  expect(badCause(journal.history(), commit('a'))).toBeNull();
  expect(isLocked(home)).toBe(false);
});

test('a finished deployment is left unchanged', async () => {
  const ended = await run({ commit: commit('a') }, 'superseded');
  expect(ended.state).toBe('superseded');
  expect(journal.since(0, ended.id)).toHaveLength(2);
});

describe('a spare process', () => {
  test('waits for a deployment and reads the configuration only when it arrives', async () => {
    const spare = startSpare();
    await untilWaiting(spare);
    writeFileSync(path.join(root, 'deploy.config.js'), 'module.exports = { brnach: "main" };');
    const { id } = await request();
    expect(journal.get(id)).toMatchObject({ state: 'queued' });
    spare.send({ id });
    spare.disconnect();
    await once(spare, 'exit');
    expect(journal.get(id)).toMatchObject({ state: 'failed', errorCode: 'E_CONFIG' });
  });

  test('links packages ahead even when the files of the live release cannot be prepared', async () => {
    const { id } = await request();
    await journal.move(id, 'running');
    await journal.note(id, { liveAt: 1, to: { slot: 'blue', commit: commit('a'), version: '1.0.0' } });
    await journal.move(id, 'succeeded');
    const store = path.join(home.modules, 'key');
    const modules = path.join(store, 'node_modules');
    mkdirSync(modules, { recursive: true });
    writeFileSync(path.join(store, 'fingerprint'), await fingerprintOf(modules));
    const spare = startSpare();
    await until('linked packages', () => existsSync(path.join(store, 'ready')));
    spare.disconnect();
    await once(spare, 'exit');
  });

  test('exits with the deployer and holds no lock', async () => {
    const spare = startSpare();
    await untilWaiting(spare);
    expect(isLocked(home)).toBe(false);
    spare.disconnect();
    expect(await once(spare, 'exit')).toEqual([0, null]);
  });
});

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  SWITCHYARD_HOME: home.dir,
  SWITCHYARD_ROOT: root,
});

function startSpare(): ChildProcess {
  return startTypeScript(DEPLOYMENT, [SPARE], environment());
}

/**
 * Waits until the spare process has loaded its libraries. After that it reads the configuration only for a deployment.
 */
async function untilWaiting({ pid }: ChildProcess): Promise<void> {
  const loaded = (): boolean => readFileSync(`/proc/${pid}/maps`, 'utf8').includes('libsql');
  await until('a loaded spare process', loaded);
}

async function request(known: { commit?: string } = {}): Promise<Deployment> {
  return journal.request({ kind: 'deploy', trigger: 'command', strategy: 'blue-green', ...known });
}

/** Requests a deployment and waits until its process exits. */
async function run(known: { commit: string }, ...states: Deployment['state'][]): Promise<Deployment> {
  const { id } = await request(known);
  for (const state of states) await journal.move(id, state);
  await once(startTypeScript(DEPLOYMENT, [String(id)], environment()), 'exit');
  return journal.get(id) as Deployment;
}
