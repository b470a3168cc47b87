/** A clone that was renamed or moved after `npm start`. */
import { mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../deploy/config';
import { keepSettings } from '../../deploy/settings';
import { ensureLiveRemote } from '../../deploy/git/live-remote';
import { preparePushRepository } from '../../deploy/git/push-repository';
import { homeAt, type Home } from '../../deploy/home';
import { checkMoved } from '../../deploy/setup/moved';
import { homeAndClone, type Repository } from '../support/repository';

let home: Home;
let clone: Repository;
let top: string;

beforeEach(async () => {
  ({ home, clone, top } = homeAndClone());
  clone.commit();
  mkdirSync(home.dir, { recursive: true });
  keepSettings(home.settings, {}, loadConfig(clone.dir, {}));
  await preparePushRepository(home, { node: process.execPath, root: clone.dir, branch: 'main' });
  await ensureLiveRemote(home, clone.dir);
});

test('goes on with the home it had, and never begins with an empty one', async () => {
  const moved = path.join(top, "it's new");
  renameSync(clone.dir, moved);
  await expect(checkMoved(homeAt(path.join(top, 'other')), moved)).rejects.toMatchObject({
    code: 'E_HOME',
    hint: `Go on with it: SWITCHYARD_HOME='${home.dir}' npm start`,
  });
  await expect(checkMoved(home, moved)).resolves.toBeUndefined();
});

test('a copy of it, or a work tree, begins with a home of its own', async () => {
  const copy = path.join(top, 'copy');
  clone.git('clone', '--quiet', clone.dir, copy);
  await expect(checkMoved(homeAt(path.join(top, 'other')), copy)).resolves.toBeUndefined();
  await expect(checkMoved(homeAt(path.join(top, 'other')), clone.dir)).resolves.toBeUndefined();
});
