import { loadConfig } from '../../../deploy/config/load';
import type { Settings } from '../../../deploy/config/settings';
import { fixedSettings } from '../../../deploy/config/saved-settings';
import { checkSettings } from '../../../deploy/config/pending-settings';
import { tempHome } from '../../support/temp-home';

const config = (settings: Settings = {}): ReturnType<typeof loadConfig> => loadConfig(tempHome(), settings);
const inForce = (): Settings => fixedSettings(config());

test('settings already in force are not reported, even if a variable repeats a default', () => {
  expect(checkSettings(inForce(), { HTTP_PORT: '8000' }, config())).toEqual([]);
});

test('a variable that differs is reported with the command that applies it', () => {
  expect(checkSettings(inForce(), { HTTP_PORT: '80' }, config({ HTTP_PORT: '80' }))).toEqual([
    '! HTTP_PORT=80 takes effect at the next start: npm stop && HTTP_PORT=80 npm start',
  ]);
});

test('an edit of deploy.config.js is reported too', () => {
  expect(checkSettings(inForce(), {}, config({ BRANCH: 'next' }))).toEqual([
    '! branch next in deploy.config.js takes effect at the next start: npm stop && npm start',
  ]);
});
