/** Determines the version of the npm program that `npm ci` will use. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { KnownError } from '../../core/errors';
import { commandEnvironment } from '../../os/command';

const run = promisify(execFile);

/** Reads npm's package.json, because starting npm takes longer than linking the packages. Throws E_NO_NPM. */
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
  // the file is a version manager's shim
  const { stdout } = await run(npm, ['--version']);
  return stdout.trim();
}
