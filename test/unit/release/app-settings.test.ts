import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCommand, deploymentLog } from '../../../deploy/os/command';
import type { Home } from '../../../deploy/home/home';
import { homeAt } from '../../../deploy/home/home';
import type { SettingsReader } from '../../../deploy/release/app-settings';
import { openSettingsReader } from '../../../deploy/release/app-settings';
import { markedProcesses } from '../../../deploy/os/marked-processes';
import { folderWith, REFUSED, WORKING } from '../../support/config-files';
import { tempHome } from '../../support/temp-home';
import { until } from '../../support/until';

const ID = 7;
let home: Home;
let dir: string;
let reader: SettingsReader;

beforeEach(() => {
  home = homeAt(tempHome());
  dir = path.join(home.releases, 'a'.repeat(40));
  mkdirSync(dir, { recursive: true });
  mkdirSync(home.logs);
  reader = openSettingsReader(home, ID);
});
afterEach(() => reader.close());

const config = (text: string): void => writeFileSync(path.join(dir, 'deploy.config.js'), text);

test('the reader waits for the checkout and reads the checked-out configuration', async () => {
  // on a busy machine spawn returns before /proc shows the new program's environment
  await until('it waits', () => markedProcesses(home).length === 1);
  config("module.exports = { app: { start: 'late.js' } }");
  expect(await reader.read(dir)).toMatchObject({ start: 'late.js' });
  expect(markedProcesses(home)).toEqual([]);
});

test('the reader starts again after another command of the deployment stopped it, as npm ci does', async () => {
  config("module.exports = { app: { start: 'late.js' } }");
  const logFile = deploymentLog(home, ID);
  await runCommand({ argv: ['true'], cwd: dir, logFile, timeoutSeconds: 10, deploymentId: ID });
  expect(markedProcesses(home)).toEqual([]);
  expect(await reader.read(dir)).toMatchObject({ start: 'late.js' });
});

test('a configuration that needs packages is read again after the install', async () => {
  config("module.exports = { app: require('./not-there-yet') }");
  await expect(reader.read(dir)).rejects.toMatchObject({ code: 'E_CONFIG' });
  writeFileSync(path.join(dir, 'not-there-yet.js'), "exports.start = 'late.js'");
  expect(await reader.read(dir)).toMatchObject({ start: 'late.js' });
});

test('a reader that is not needed exits without running the configuration', async () => {
  config("require('fs').writeFileSync('ran', '')");
  reader.close();
  await until('it is gone', () => markedProcesses(home).length === 0);
  expect(existsSync(path.join(dir, 'ran'))).toBe(false);
});

describe('a commit', () => {
  test.each(WORKING)('can be configured by %s', async (_, written) => {
    folderWith(written, dir);
    expect(await reader.read(dir)).toMatchObject({ start: 'own.js', test: ['own-test'] });
  });

  // otherwise a release would go live with the defaults, untested
  test.each(REFUSED)('is never configured by %s', async (_, written, message) => {
    folderWith(written, dir);
    await expect(reader.read(dir)).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringMatching(message),
    });
  });
});
