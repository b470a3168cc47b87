/** The clock was ahead while a release went live, and is correct again. */
import Database from 'libsql';
import { diagnose } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

const AHEAD = Date.parse('2099-01-01');

let clone: TinyClone;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 }, schedules: { poll: null, prune: null, rotate: null } });
  expectDone(await clone.start());
});
afterAll(() => clone.cleanUp());

it('npm start restores the release that went live last, although an earlier one has a later time', async () => {
  const ahead = expectLive(await clone.release());
  moveIntoFuture(ahead.deployment.id);
  const warned = (await diagnose(clone)).findings.filter(({ status }) => status === 'warning');
  const clock = warned.find(({ link }) => link === 'clock');
  expect(clock?.message).toMatch(
    /^The clock was set back: it is [\d,]+ days behind the last entry of the journal\./,
  );
  // the fix changes nothing
  expectDone(await clone.shell(clock?.fix ?? ''));
  const last = expectLive(await clone.release());

  expectDone(await clone.switchyard('stop'));
  expectDone(await clone.start());

  expect(await clone.serving()).toMatchObject({ commit: last.commit });
  expect((await clone.switchyard('status')).text).toContain(last.commit.slice(0, 7));
});

it('doctor finds no fault afterwards, and its clock warning ends once the correct clock has written', async () => {
  const { findings } = await diagnose(clone);
  expect(findings.filter(({ status }) => status === 'fault')).toEqual([]);
  expect(findings.filter(({ link }) => link === 'clock')).toMatchObject([{ status: 'ok' }]);
});

it('a rollback follows the order in which releases went live, not their times', async () => {
  const before = await clone.serving();
  expectDone(await clone.switchyard('rollback'));
  expect((await clone.serving()).commit).not.toBe(before.commit);
  expectDone(await clone.switchyard('stop'));
  const rolledBackTo = clone.deployments().findLast(({ kind }) => kind === 'rollback');
  expectDone(await clone.start());
  expect((await clone.serving()).commit).toBe(rolledBackTo?.commit);
});

it('history lists deployments in the order in which they happened', async () => {
  const { text } = await clone.switchyard('history');
  const lines = text.split('\n').flatMap((line) => /^(?:.\s+)?#?(\d+)\b/.exec(line)?.[1] ?? []);
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.map(Number)).toEqual([...lines.map(Number)].sort((a, b) => b - a));
});

/** Rewrites the entries of a deployment as a process with a fast clock would have written them. */
function moveIntoFuture(id: number): void {
  const db = new Database(clone.home.journal);
  db.pragma('busy_timeout = 5000');
  const { live } = db.prepare('SELECT live FROM deployments WHERE id = ?').get(id) as { live: number };
  db.prepare(
    "UPDATE deployments SET body = json_set(body, '$.createdAt', ?, '$.liveAt', ?, '$.finishedAt', ?) WHERE id = ?",
  ).run(AHEAD, AHEAD + 1000, AHEAD + 2000, id);
  db.prepare('UPDATE deployments SET live = ? WHERE id = ?').run(live, id);
  db.prepare('UPDATE events SET at = ? WHERE deployment = ?').run(AHEAD, id);
  db.close();
}
