import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { removeTree } from '../../../../tools/lib/remove-tree';
import { tempHome } from '../../../support/temp-home';

it('a folder of any shape is removed, but not the target of a link in it', async () => {
  const place = tempHome();
  const elsewhere = path.join(place, 'elsewhere');
  const folder = path.join(place, 'folder');
  mkdirSync(elsewhere);
  writeFileSync(path.join(elsewhere, 'kept'), '');
  for (let number = 0; number < 500; number += 1) {
    mkdirSync(path.join(folder, 'deep', String(number % 7), `-${number}`), { recursive: true });
    writeFileSync(path.join(folder, 'deep', String(number % 7), `-${number}`, 'file'), '');
  }
  mkdirSync(path.join(folder, 'flat'));
  writeFileSync(path.join(folder, 'flat', 'file'), '');
  symlinkSync(elsewhere, path.join(folder, 'link'));

  await removeTree(folder);

  expect(existsSync(folder)).toBe(false);
  expect(readdirSync(elsewhere)).toEqual(['kept']);
});

it('removing a folder that does not exist does nothing', async () => {
  const nowhere = path.join(tempHome(), 'nowhere');
  await expect(removeTree(nowhere)).resolves.toBeUndefined();
});
