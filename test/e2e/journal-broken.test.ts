/** Breaks the journal in every way that disks and people break files, while users are served. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import { applyFix, diagnose, WITH_COMMANDS } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import { startLoad } from '../support/load';
import { afterwards } from '../support/temp-home';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(180_000);

const PAGE = 4096;

let clone: TinyClone;
/** Neither the newest commit nor the newest release, so that a guess restores the wrong one. */
let live: string;
let first: string;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 }, schedules: { poll: null, prune: null, rotate: null } });
  clone.change(WITH_COMMANDS);
  await clone.commit('with the commands');
  expectDone(await clone.start());
  first = expectLive(await clone.release({ ...WITH_COMMANDS, files: { 'more/a.txt': 'a' } })).commit;
  const newest = expectLive(await clone.release({ ...WITH_COMMANDS, files: { 'more/b.txt': 'b' } }));
  expectDone(await clone.switchyard('rollback'));
  live = (await clone.serving()).commit;
  expect(live).toBe(first);
  clone.write('more/c.txt', 'c');
  await clone.commit('not pushed');
  expect(newest.commit).not.toBe(live);
});
afterAll(() => clone.cleanUp());

describe.each<[string, () => void]>([
  ['with broken pages', () => damagePages()],
  ['that is truncated', () => truncateSync(checkpointed(), PAGE + 100)],
  [
    'that is filled with zeros',
    () => writeFileSync(checkpointed(), Buffer.alloc(statSync(clone.home.journal).size)),
  ],
  ['that is not a database', () => overwrite('no database, but long enough to be taken for one'.repeat(200))],
  ['that is empty', () => overwrite('')],
  ['that was removed', () => remove('', '-wal', '-shm')],
  ['whose WAL was removed while it is written', () => remove('-wal', '-shm')],
  ['without its tables', () => withoutTables()],
])('a journal %s', (_what, damage) => {
  it('is named by doctor, and its fix keeps users on the same process without a failed request', async () => {
    const before = await clone.serving();
    const load = startLoad({
      port: clone.ports.http,
      connections: 4,
      mix: [{ method: 'GET', path: '/version' }],
      slow: null,
      pauseMs: 5,
    });
    afterwards(() => load.stop());
    damage();
    const copiesBefore = brokenCopies().length;

    const { faults } = await diagnose(clone);
    expect(faults.journal?.fix).toBe('npm start');
    expect(Object.keys(faults)).toEqual(['journal']);
    await applyFix(clone, ...Object.values(faults));

    expect(await clone.serving()).toEqual(before);
    expect(before.commit).toBe(live);
    const { requests, failed } = await load.stop();
    expect(failed).toEqual([]);
    expect(requests).toBeGreaterThan(50);
    expect(brokenCopies()).toHaveLength(copiesBefore + 1);
    expect((await clone.switchyard('status')).code).toBe(0);
    expect(clone.journal().lastLive()?.to?.commit).toBe(live);
  });
});

it('npm start restores the same release after a stop and the loss of the journal', async () => {
  expectDone(await clone.switchyard('stop'));
  for (const end of ['', '-wal', '-shm']) rmSync(`${clone.home.journal}${end}`, { force: true });
  expectDone(await clone.start());
  expect((await clone.serving()).commit).toBe(live);
});

it('npm stop works with a broken journal, and npm start restores the live release', async () => {
  overwrite('no database at all, only text'.repeat(500));
  expectDone(await clone.switchyard('stop'));
  expectDone(await clone.start());
  expect((await clone.serving()).commit).toBe(live);
});

it('a push and a rollback succeed with the rebuilt journal', async () => {
  const next = expectLive(await clone.release({ ...WITH_COMMANDS, files: { 'more/d.txt': 'd' } }));
  expect((await clone.serving()).commit).toBe(next.commit);
  expectDone(await clone.switchyard('rollback'));
  expect((await clone.serving()).commit).toBe(live);
});

it('a journal of a newer version stays untouched, and the fix is to update', async () => {
  const db = new Database(clone.home.journal);
  const { user_version: format } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  db.exec('PRAGMA user_version = 99');
  const { faults } = await diagnose(clone);
  expect(faults.journal?.message).toContain('its format is 99');
  expect(faults.journal?.fix).toBe('git pull && npm start');
  expect((await clone.start()).text).toContain('[E_JOURNAL]');
  db.exec(`PRAGMA user_version = ${format}`);
  db.close();
  expect((await clone.serving()).commit).toBe(live);
});

/** Checkpoints the WAL, since SQLite would repair pages that are also in it. Returns the journal's path. */
function checkpointed(): string {
  const db = new Database(clone.home.journal);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  return clone.home.journal;
}

function damagePages(): void {
  const file = checkpointed();
  const disk = openSync(file, 'r+');
  const pages = Math.floor(statSync(file).size / PAGE);
  for (let page = 3; page < pages; page += 2) writeSync(disk, Buffer.alloc(PAGE, 7), 0, PAGE, page * PAGE);
  closeSync(disk);
}

function overwrite(text: string): void {
  for (const end of ['', '-wal']) writeFileSync(`${clone.home.journal}${end}`, text);
}

function remove(...ends: string[]): void {
  for (const end of ends) rmSync(`${clone.home.journal}${end}`, { force: true });
}

function withoutTables(): void {
  const other = path.join(clone.home.dir, 'other.db');
  const db = new Database(other);
  db.exec('CREATE TABLE something (a)');
  db.close();
  const journal = checkpointed();
  copyFileSync(other, journal);
  chmodSync(journal, 0o600);
  rmSync(other);
}

function brokenCopies(): string[] {
  return readdirSync(clone.home.dir).filter(
    (name) => name.startsWith('journal-broken-') && existsSync(path.join(clone.home.dir, name)),
  );
}
