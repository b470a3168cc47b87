/** The configuration file of a clone, in every form, read in this process and in a process of its own. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../../deploy/config/load';
import { configFileName } from '../../../deploy/config/file';
import type { KnownError } from '../../../deploy/core/errors';
import { folderWith, REFUSED, WORKING } from '../../support/config-files';
import { tempHome } from '../../support/temp-home';

it.each(WORKING)('a clone can be configured by %s', (_, written) => {
  expect(loadConfig(folderWith(written), {}).app).toMatchObject({ start: 'own.js', test: ['own-test'] });
});

it.each(REFUSED)('a clone is never configured by %s', (_, written, message) => {
  const error = refusal(folderWith(written));
  expect(error).toMatchObject({ code: 'E_CONFIG', message: expect.stringMatching(message) });
  expect(error.hint).not.toBe('');
});

it('an edited ES module is read again, even in the same process', () => {
  const folder = folderWith({ files: { 'deploy.config.mjs': "export default { name: 'first' };" } });
  expect(loadConfig(folder, {}).name).toBe('first');
  writeFileSync(path.join(folder, 'deploy.config.mjs'), "export default { name: 'second' };");
  expect(loadConfig(folder, {}).name).toBe('second');
});

it('a broken link is an unreadable file, not a missing one', () => {
  const folder = tempHome();
  symlinkSync('nowhere', path.join(folder, 'deploy.config.js'));
  expect(refusal(folder).message).toBe('deploy.config.js cannot be read (ENOENT).');
});

it('a folder with that name is refused', () => {
  const folder = tempHome();
  mkdirSync(path.join(folder, 'deploy.config.mjs'));
  expect(refusal(folder).message).toBe('deploy.config.mjs cannot be read (EISDIR).');
});

it("a message uses the file's own name, or the default one if there is no file", () => {
  expect(configFileName(folderWith({ files: { 'deploy.config.cjs': '' } }))).toBe('deploy.config.cjs');
  expect(configFileName(tempHome())).toBe('deploy.config.js');
});

it.each(['', "require('node:os'); "])(
  'output of the configuration file never reaches the output of a command: %p',
  (first) => {
    const print = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const text = `${first}process.stdout.write('printed'); module.exports = { name: 'own' };`;
    expect(loadConfig(folderWith({ files: { 'deploy.config.js': text } }), {}).name).toBe('own');
    expect(print).not.toHaveBeenCalled();
    print.mockRestore();
  },
);

it('a configuration file that calls process.exit does not kill the command', () => {
  const folder = folderWith({ files: { 'deploy.config.js': 'process.exit(0);' } });
  expect(refusal(folder).message).toBe(
    'deploy.config.js cannot be read: it exited before it exported anything',
  );
});

function refusal(folder: string): KnownError {
  try {
    loadConfig(folder, {});
  } catch (error) {
    return error as KnownError;
  }
  throw new Error('nothing was refused');
}
