import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeCached } from '../../../deploy/config/cache';
import { loadConfig } from '../../../deploy/config/load';
import {
  saveSettings,
  savedSettings,
  backUpBrokenSettings,
  readSettings,
} from '../../../deploy/config/saved-settings';
import { needs, root } from '../../support/needs';
import { OTHER_USER } from '../../support/other-user';
import { tempHome } from '../../support/temp-home';

const config = loadConfig(tempHome(), { HTTP_PORT: '8123', SOURCE: '/srv/app.git' });

function homeWith(settings: string): string {
  const dir = tempHome();
  const file = path.join(dir, 'settings.json');
  writeFileSync(file, settings);
  return file;
}

test('a broken file is set aside and replaced from the last checked configuration', () => {
  const file = homeWith('{ "HTTP_PORT": ');
  writeCached(path.join(path.dirname(file), 'config.json'), 'key', config);

  expect(readSettings(file)).toMatchObject({ HTTP_PORT: '8123', BRANCH: 'main', SOURCE: '/srv/app.git' });
  const aside = backUpBrokenSettings(file);
  saveSettings(file, savedSettings(file), config);

  expect(readFileSync(aside ?? '', 'utf8')).toBe('{ "HTTP_PORT": ');
  expect(readSettings(file)).toMatchObject({ HTTP_PORT: '8123', SOURCE: '/srv/app.git' });
  expect(backUpBrokenSettings(file)).toBeNull();
});

test('a broken file without a checked configuration is an error whose hint moves it aside', () => {
  const file = homeWith('');
  expect(() => readSettings(file)).toThrow(
    expect.objectContaining({ code: 'E_HOME', hint: expect.stringContaining(`mv ${file} ${file}.broken`) }),
  );
  expect(existsSync(file)).toBe(true);
});

needs('root', root).test('a home of another user is an error that names that user', () => {
  const file = homeWith('{}');
  chmodSync(path.dirname(file), 0o755);
  chmodSync(file, 0o600);
  process.seteuid?.(OTHER_USER);
  try {
    expect(() => readSettings(file)).toThrow(
      expect.objectContaining({
        message: `The home ${path.dirname(file)} belongs to another user (uid 0).`,
        hint: "Run the command as that user: sudo -u '#0' npm start",
      }),
    );
  } finally {
    process.seteuid?.(0);
  }
});
