import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import { checkJournal } from '../../../deploy/doctor/journal';
import type { DoctorContext } from '../../../deploy/doctor/context';
import { homeAt, type Home } from '../../../deploy/home/home';
import { Journal } from '../../../deploy/journal/journal';
import { afterwards, tempHome } from '../../support/temp-home';

const PAGE = 4096;

let home: Home;

beforeEach(async () => {
  home = homeAt(tempHome());
  const journal = Journal.open(home);
  afterwards(() => journal.close());
  await journal.prepare();
  await journal.request({ kind: 'deploy', trigger: 'command', strategy: 'blue-green' });
  for (let count = 0; count < 200; count++) {
    await journal.record(null, { type: 'warning', message: `${count} `.repeat(50) });
  }
});

it('an intact journal is reported with its number of deployments', () => {
  expect(checkJournal(context())).toMatchObject([{ status: 'ok', message: '1 deployment' }]);
});

it('a broken page is a fault, even if no query reads it', () => {
  breakLastPage();

  const [finding] = checkJournal(context());

  expect(finding).toMatchObject({
    status: 'fault',
    message: expect.stringMatching(/^The journal cannot be read: Tree \d+ page \d+: /),
    fix: 'npm start',
  });
});

it('a missing journal is a fault that npm start fixes', () => {
  const missing = homeAt(path.join(home.dir, 'none'));
  expect(checkJournal({ ...context(), home: () => missing })).toMatchObject([
    { status: 'fault', message: 'The journal cannot be read: it is gone.', fix: 'npm start' },
  ]);
});

function breakLastPage(): void {
  // SQLite would repair the page from its log
  new Database(home.journal).pragma('wal_checkpoint(TRUNCATE)');
  const disk = openSync(home.journal, 'r+');
  writeSync(disk, Buffer.alloc(PAGE, 7), 0, PAGE, fstatSync(disk).size - PAGE);
  closeSync(disk);
}

/** Only the parts that this check uses. */
function context(): DoctorContext {
  const journal = Journal.open(home);
  afterwards(() => journal.close());
  const used: Partial<DoctorContext> = {
    home: () => home,
    journal: () => journal,
    journalCopy: () => home,
    lastLive: () => journal.lastLive(),
    atWork: () => journal.active(),
  };
  return used as DoctorContext;
}
