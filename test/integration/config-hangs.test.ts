/** Configuration files that never finish loading must not block anything, in the clone or in a commit. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../deploy/config/load';
import { homeAt } from '../../deploy/home/home';
import { openSettingsReader } from '../../deploy/release/app-settings';
import { ENDLESS, folderWith } from '../support/config-files';
import { afterwards, tempHome } from '../support/temp-home';

test.each(ENDLESS)('loading a configuration with %s fails in the clone', (_, written, message) => {
  const folder = folderWith(written);
  const started = Date.now();
  expect(() => loadConfig(folder, {})).toThrow(
    expect.objectContaining({ code: 'E_CONFIG', message: expect.stringMatching(message) }),
  );
  expect(Date.now() - started).toBeLessThan(20_000);
});

test.each(ENDLESS.slice(-1))(
  'loading a configuration with %s fails in a commit',
  async (_, written, message) => {
    const home = homeAt(tempHome());
    const folder = path.join(home.releases, 'a'.repeat(40));
    for (const each of [folder, home.logs]) mkdirSync(each, { recursive: true });
    const reader = openSettingsReader(home, 7);
    afterwards(() => reader.close());
    await expect(reader.read(folderWith(written, folder))).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringMatching(message),
    });
  },
);
