import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../../deploy/config/load';
import { originsOf } from '../../../deploy/config/origins';
import { saveSettings } from '../../../deploy/config/saved-settings';
import { tempHome } from '../../support/temp-home';

const FILE = 'deploy.config.js';

function folderWith(file: object): string {
  const folder = tempHome();
  writeFileSync(path.join(folder, FILE), `module.exports = ${JSON.stringify(file)};`);
  return folder;
}

/** The value and origin of each key, after `npm start` with this file and these variables. @param now the file by now */
function origins(file: object, settings = {}, now = file): Record<string, { value: unknown; from: string }> {
  const [before, root] = [folderWith(file), folderWith(now)];
  const home = { settings: path.join(root, 'settings.json') };
  const config = loadConfig(before, settings);
  saveSettings(home.settings, settings, config);
  const found = originsOf(root, home, config);
  return Object.fromEntries(found.map(({ key, value, from }) => [key, { value, from }]));
}

test('a value comes from the file, from a variable of npm start, or is the default', () => {
  const found = origins({ bake: { seconds: 3 }, http: { port: 8100 } }, { HTTP_PORT: '8200' });
  expect(found['bake.seconds']).toEqual({ value: 3, from: FILE });
  expect(found['http.port']).toEqual({ value: 8200, from: 'HTTP_PORT, given to npm start' });
  expect(found['limits.test']).toEqual({ value: 600, from: 'default' });
});

test('a number of slots in the file stands for the port of each slot', () => {
  expect(origins({ slots: 3 })['slots.amber']).toEqual({ value: 8082, from: FILE });
});

test('a value that has changed in the file since npm start is named with the one to come', () => {
  const found = origins({ name: 'shop' }, {}, { name: 'store' });
  expect(found.name).toEqual({ value: 'shop', from: `${FILE}; from the next npm start on store` });
});

test('passwords and the paths of receivers are hidden', () => {
  const found = origins({
    source: 'https://me:token@example.com/app.git',
    notify: [{ url: 'https://hooks.example.com/services/T0/secret' }],
  });
  expect(JSON.stringify(found)).not.toMatch(/token|secret/);
  expect(found.source?.value).toBe('https://***@example.com/app.git');
});

test('an empty section lists nothing, and a list is one value', () => {
  const found = origins({ app: { smoke: ['/', '/login'] } });
  expect(found['app.smoke']).toEqual({ value: ['/', '/login'], from: FILE });
  expect(Object.keys(found).filter((key) => key.startsWith('hooks'))).toEqual([]);
});
