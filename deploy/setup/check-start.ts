/** Checks, for doctor, whether `npm start` would work: resolves everything that a start needs and changes nothing. */
import { accessSync, constants } from 'node:fs';
import { ROOT } from '../home/clone-root';
import { KnownError } from '../core/errors';
import { resolveRef } from '../git/clone';
import { resolveHome } from '../home/home';
import { findNginx } from '../traffic/nginx-binary';
import { requestedSettings } from './requested-settings';
import { checkEngine } from './engine';
import { checkMoved } from './check-moved-clone';

/** Prints the home that a start would use, as JSON. Throws the error that a start would fail with. */
export async function checkStart(): Promise<number> {
  const home = resolveHome(ROOT, process.env);
  await resolveRef(ROOT, 'HEAD');
  await checkMoved(home, ROOT);
  const { config } = requestedSettings(home, process.env);
  await findNginx(process.env.PATH ?? '');
  await checkEngine(home, config);
  try {
    accessSync(home.dir, constants.W_OK | constants.X_OK);
  } catch {
    throw new KnownError('E_HOME', `This user may not write to the home ${home.dir}.`);
  }
  console.log(JSON.stringify({ home: home.dir }));
  return 0;
}
