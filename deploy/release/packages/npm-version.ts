/** The version of npm that `npm ci` will be. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { KnownError } from '../../core/errors';
import { commandEnvironment } from '../../os/command';

const run = promisify(execFile);

/** Read from npm's package.json, since asking npm takes longer than linking its packages. Throws E_NO_NPM. */
export async function npmVersion(): Promise<string> {
  const searched = commandEnvironment('').PATH;
  const npm = searched
    ?.split(':')
    .map((folder) => path.join(folder, 'npm'))
    .find((file) => existsSync(file));
  if (!npm) throw new KnownError('E_NO_NPM', 'npm was not found.');
  const manifest = path.join(path.dirname(realpathSync(npm)), '..', 'package.json');
  if (existsSync(manifest)) {
    const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      name?: string;
      version?: string;
    };
    if (name === 'npm' && version) return version;
  }
  // a version manager's shim
  const { stdout } = await run(npm, ['--version']);
  return stdout.trim();
}
