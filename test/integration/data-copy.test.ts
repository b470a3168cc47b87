/** The copy of the app's data before a migration, while a possibly hostile app writes into its folder. */
import Database from 'libsql';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Owner } from '../../deploy/os/change-owner';
import { copyData, hasSchemaChanged } from '../../deploy/pipeline/steps/data-snapshot';
import { homeAt, type Home } from '../../deploy/home/home';
import { needs, root } from '../support/needs';
import { tempHome } from '../support/temp-home';

const USER: Owner = { uid: 1000, gid: 1000 };
/** The magic number at both ends of a SQLite journal. */
const MAGIC = Buffer.from('d9d505f920a163d7', 'hex');
const PAGE = 4096;

let home: Home;
let file: string;

beforeEach(() => {
  home = homeAt(tempHome());
  for (const folder of [path.dirname(home.dir), home.dir]) chmodSync(folder, 0o755);
  mkdirSync(home.shared, { mode: 0o700 });
  file = path.join(home.shared, 'app.db');
  exec("CREATE TABLE notes (text); INSERT INTO notes VALUES ('kept')");
});

it('the copy contains the data and the schema for the comparison after a migration', async () => {
  const copy = await copyData(home, 7, null);
  if (copy === null) throw new Error('nothing was copied');
  expect(await hasSchemaChanged(home, 7, copy, null)).toBe(false);
  exec('ALTER TABLE notes ADD COLUMN more');
  expect(await hasSchemaChanged(home, 7, copy, null)).toBe(true);
  const copied = new Database(path.join(copy.folder, 'app.db'));
  expect(copied.prepare('SELECT * FROM notes').raw().all()).toEqual([['kept']]);
  copied.close();
});

needs('root', root).describe("root's copy of data written by containers", () => {
  beforeEach(() => give(home.shared, file));

  it('removes no file of the host that a journal names', async () => {
    const victim = path.join(home.dir, 'passwords');
    writeFileSync(victim, 'of the host');
    writeJournal(victim);
    await expect(copyData(home, 7, USER)).rejects.toThrow('could not be copied');
    expect(existsSync(victim)).toBe(true);
    await hasSchemaChanged(home, 7, { folder: '', schemas: { 'app.db': '' } }, USER);
    expect(existsSync(victim)).toBe(true);
    // control: as root, SQLite removes the file
    writeJournal(victim);
    await copyData(home, 7, null);
    expect(existsSync(victim)).toBe(false);
  });

  it("belongs to the containers' user, in a folder that this user cannot enter", async () => {
    const copy = await copyData(home, 7, USER);
    const { uid, mode } = statSync(copy?.folder ?? '');
    expect([uid, mode & 0o777]).toEqual([0, 0o700]);
    const copied = statSync(path.join(copy?.folder ?? '', 'app.db'));
    expect([copied.uid, copied.mode & 0o777]).toEqual([USER.uid, 0o600]);
    expect(readdirSync(home.shared)).toEqual(['app.db']);
  });
});

function exec(sql: string): void {
  const database = new Database(file);
  database.exec(sql);
  database.close();
}

function give(...files: string[]): void {
  for (const each of files) chownSync(each, USER.uid, USER.gid);
}

/** Writes a journal of a transaction over several databases that names this file as the super-journal. */
function writeJournal(superJournal: string): void {
  const head = Buffer.alloc(512);
  MAGIC.copy(head);
  head.writeUInt32BE(1, 12);
  head.writeUInt32BE(statSync(file).size / PAGE, 16);
  head.writeUInt32BE(head.length, 20);
  head.writeUInt32BE(PAGE, 24);
  const name = Buffer.from(superJournal);
  const tail = Buffer.alloc(4 + name.length + 8);
  tail.writeUInt32BE(0x40000000 / PAGE + 1);
  name.copy(tail, 4);
  tail.writeUInt32BE(name.length, 4 + name.length);
  tail.writeUInt32BE(
    name.reduce((sum, byte) => sum + byte, 0),
    8 + name.length,
  );
  writeFileSync(`${file}-journal`, Buffer.concat([head, tail, MAGIC]));
  give(`${file}-journal`);
}
