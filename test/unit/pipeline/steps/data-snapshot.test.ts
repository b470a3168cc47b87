import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import { homeAt } from '../../../../deploy/home/home';
import { copyData, howToRestore } from '../../../../deploy/pipeline/steps/data-snapshot';
import { tempHome } from '../../../support/temp-home';

const home = homeAt(tempHome());

function write(name: string, text: string): void {
  const db = new Database(path.join(home.shared, name));
  db.exec('CREATE TABLE IF NOT EXISTS notes (text)');
  db.prepare('INSERT INTO notes VALUES (?)').run(text);
  db.close();
}

function textsIn(...place: string[]): unknown[] {
  const db = new Database(path.join(home.shared, ...place), { readonly: true });
  const texts = db.prepare('SELECT text FROM notes').pluck().all();
  db.close();
  return texts;
}

/** Runs the commands as printed, except npm, which another test covers. */
function restore(folder: string): void {
  execFileSync('sh', ['-e', '-c', `npm() { :; }; ${howToRestore(home, folder)}`]);
}

test('the printed commands restore each file, keep the replaced ones, and can be repeated', async () => {
  mkdirSync(home.shared, { recursive: true });
  write('app.db', 'before');
  write('app.db2', 'before too');
  const { folder = '' } = (await copyData(home, 7, null)) ?? {};
  write('app.db', 'since');

  restore(folder);
  expect([textsIn('app.db'), textsIn('app.db2')]).toEqual([['before'], ['before too']]);
  write('app.db', 'later');
  // left by a killed process: SQLite would roll it back into the restored copy
  writeFileSync(path.join(home.shared, 'app.db-journal'), 'begun');
  restore(folder);

  expect(textsIn('app.db')).toEqual(['before']);
  expect(textsIn('before-restore-7', 'app.db')).toEqual(['before', 'since']);
  expect(existsSync(path.join(home.shared, 'before-restore-7-2', 'app.db-journal'))).toBe(true);
  rmSync(path.join(home.shared, 'before-restore-7-2', 'app.db-journal'));
  expect(textsIn('before-restore-7-2', 'app.db')).toEqual(['before', 'later']);
  expect(readdirSync(home.shared)).toEqual(['app.db', 'app.db2', 'before-restore-7', 'before-restore-7-2']);
});
