import Database from 'libsql';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { driftOf } from '../../../deploy/core/drift';
import { badCause, rollbackTarget } from '../../../deploy/core/rollback-target';
import { KnownError } from '../../../deploy/core/errors';
import type { Deployment, DeploymentState } from '../../../deploy/core/deployment';
import type { Serving } from '../../../deploy/core/slot';
import type { Request } from '../../../deploy/journal/journal';
import { Journal } from '../../../deploy/journal/journal';
import { machineMs } from '../../../deploy/os/machine-clock';
import { INITIAL_FACTS } from '../../../deploy/journal/rows';
import { commit } from '../../support/deployments';
import { firstOutput, startProgram } from '../../support/second-process';
import { afterwards, tempHome } from '../../support/temp-home';

const PUSH: Request = { kind: 'deploy', trigger: 'push', branch: 'main', strategy: 'blue-green' };
const BLUE: Serving = { slot: 'blue', commit: commit('a'), version: '1' };
const GREEN: Serving = { slot: 'green', commit: commit('b'), version: '2' };

let file: string;
let journal: Journal;

beforeEach(async () => {
  file = path.join(tempHome(), 'journal.db');
  journal = Journal.open({ journal: file, dir: path.dirname(file) });
  afterwards(() => journal.close());
  await journal.prepare();
});

describe('a request', () => {
  it('becomes a queued deployment with only the requested fields', async () => {
    const deployment = await journal.request({ ...PUSH, delivery: 'd-1' });
    expect(deployment).toMatchObject({
      id: 1,
      state: 'queued',
      branch: 'main',
      delivery: 'd-1',
      commit: null,
    });
    expect(journal.get(1)).toEqual(deployment);
    expect(journal.pending()).toEqual([deployment]);
    expect(entriesOf(1)).toEqual([{ type: 'state', state: 'queued' }]);
  });

  it('is one deployment however often it is delivered, and later deliveries record no event', async () => {
    const first = await journal.request({ ...PUSH, delivery: 'd-1' });
    await journal.move(first.id, 'running');
    const again = await journal.request({ ...PUSH, delivery: 'd-1' });
    expect(again).toMatchObject({ id: first.id, state: 'running' });
    expect(journal.history()).toHaveLength(1);
    expect(entriesOf(1)).toHaveLength(2);
  });

  it("is refused after its client's deadline, and nothing is written", async () => {
    const late = { ...PUSH, delivery: 'd-1', deadline: machineMs() - 1 };
    await expect(journal.request(late)).rejects.toMatchObject({ code: 'E_TOO_LATE' });
    expect(journal.history()).toEqual([]);
    expect(await journal.request({ ...PUSH, delivery: 'd-2', deadline: machineMs() + 5000 })).toMatchObject({
      state: 'queued',
    });
  });

  it('is never carried out once its client has withdrawn it, however late it arrives', async () => {
    expect(await journal.cancel('d-1')).toBeNull();
    expect(await journal.cancel('d-1')).toBeNull();
    await expect(journal.request({ ...PUSH, delivery: 'd-1' })).rejects.toMatchObject({ code: 'E_TOO_LATE' });
    expect(journal.history()).toEqual([]);
  });

  it('cannot be withdrawn once it is carried out: the client gets the deployment', async () => {
    const { id } = await journal.request({ ...PUSH, delivery: 'd-1', deadline: machineMs() + 5000 });
    expect(await journal.cancel('d-1')).toMatchObject({ id, state: 'queued' });
    // a retry past its own deadline gets the deployment too
    expect(await journal.request({ ...PUSH, delivery: 'd-1', deadline: 0 })).toMatchObject({ id });
  });

  it('without a delivery id is always a new deployment', async () => {
    await journal.request(PUSH);
    await journal.request(PUSH);
    expect(journal.history().map(({ id }) => id)).toEqual([2, 1]);
  });

  it('records which deployment it waits for', async () => {
    await goes('running');
    const { id } = await journal.request(PUSH);
    expect(entriesOf(id)).toContainEqual({ type: 'waiting', behind: 1 });
  });
});

describe('an operator request', () => {
  const any = (pending: Deployment[]): Deployment => pending[0] as Deployment;

  it('is recorded for the running deployment, whose state stays unchanged', async () => {
    const id = await goes('running');
    expect(await journal.requestOperation('abort', any)).toMatchObject({
      id,
      state: 'running',
      request: 'abort',
    });
    expect(journal.get(id)).toMatchObject({ state: 'running', request: 'abort', promotedAt: null });
    expect(entriesOf(id)).toHaveLength(2);
  });

  it('is recorded with its time when it is a promote', async () => {
    const id = await goes('running');
    const { heldAt } = await journal.hold(id);
    const { promotedAt } = await journal.requestOperation('promote', any);
    expect(promotedAt).toBeGreaterThanOrEqual(heldAt as number);
  });

  it('aborts a queued deployment immediately', async () => {
    const id = await goes();
    expect(await journal.requestOperation('abort', any)).toMatchObject({
      id,
      state: 'aborted',
      errorCode: 'E_ABORTED',
    });
    expect(journal.pending()).toEqual([]);
    expect(entriesOf(id).at(-1)).toMatchObject({ type: 'state', state: 'aborted' });
  });

  it('takes effect once, and never when it is late or withdrawn', async () => {
    const id = await goes('running');
    await journal.requestOperation('pause', any, { id: 'w-1' });
    await journal.proceed(id, 'pause');
    expect(await journal.requestOperation('pause', any, { id: 'w-1' })).toMatchObject({ id, request: null });
    await journal.cancel('w-2');
    for (const request of [{ id: 'w-2' }, { id: 'w-3', deadline: machineMs() - 1 }]) {
      await expect(journal.requestOperation('abort', any, request)).rejects.toMatchObject({
        code: 'E_TOO_LATE',
      });
    }
    expect(journal.get(id)).toMatchObject({ request: null });
  });

  it('changes nothing when it is refused', async () => {
    const id = await goes('running');
    const refuse = (): never => {
      throw new KnownError('E_NOT_HOLDING', 'No.');
    };
    await expect(journal.requestOperation('promote', refuse)).rejects.toMatchObject({
      code: 'E_NOT_HOLDING',
    });
    expect(journal.get(id)).toMatchObject({ state: 'running', request: null });
  });
});

describe('a held deployment', () => {
  it('has the time of its hold, and queued deployments record that they wait for it', async () => {
    const id = await goes('running');
    const waiting = await goes();
    expect(await journal.hold(id)).toMatchObject({ state: 'holding', heldAt: expect.any(Number) });
    expect(entriesOf(waiting).at(-1)).toEqual({ type: 'waiting', behind: id, held: true });
    const later = await goes();
    expect(entriesOf(later).at(-1)).toEqual({ type: 'waiting', behind: id, held: true });
    expect(journal.active()?.id).toBe(id);
  });
});

describe('a deployment', () => {
  it('goes through its states and keeps their times', async () => {
    const before = Date.now();
    const { id } = await journal.request(PUSH);
    const running = await journal.move(id, 'running', { pid: 7 });
    expect(running).toMatchObject({ state: 'running', pid: 7, finishedAt: null });
    await journal.note(id, { liveAt: 5, to: GREEN });
    await journal.move(id, 'baking');
    const over = await journal.move(id, 'succeeded');
    expect(over).toMatchObject({ state: 'succeeded', pid: 7, liveAt: 5, to: GREEN });
    for (const at of [over.createdAt, over.startedAt, over.finishedAt]) {
      expect(at).toBeGreaterThanOrEqual(before);
    }
    expect(entriesOf(id).map((entry) => entry.type === 'state' && entry.state)).toEqual([
      'queued',
      'running',
      'baking',
      'succeeded',
    ]);
  });

  it('rejects a forbidden state change and writes nothing of it', async () => {
    const { id } = await journal.request(PUSH);
    await expect(journal.move(id, 'baking', { pid: 7 })).rejects.toThrow('queued -> baking');
    expect(journal.get(id)).toMatchObject({ state: 'queued', pid: null });
    expect(entriesOf(id)).toHaveLength(1);
    await journal.move(id, 'superseded');
    await expect(journal.move(id, 'running')).rejects.toThrow('superseded -> running');
  });

  it('records the cause of its failure', async () => {
    const { id } = await journal.request(PUSH);
    await journal.move(id, 'failed', { cause: 'it answered 500', errorCode: 'E_UNHEALTHY', fault: 'commit' });
    expect(entriesOf(id).at(-1)).toEqual({ type: 'state', state: 'failed', cause: 'it answered 500' });
    expect(journal.get(id)).toMatchObject({ errorCode: 'E_UNHEALTHY', fault: 'commit' });
  });

  it('that does not exist cannot be changed and reads as null', async () => {
    await expect(journal.move(9, 'running')).rejects.toThrow('no deployment 9');
    await expect(journal.note(9, {})).rejects.toThrow('no deployment 9');
    expect(journal.get(9)).toBeNull();
  });
});

describe('reading the journal', () => {
  it('returns the history, newest first, up to the requested length', async () => {
    for (let i = 0; i < 4; i++) await journal.request(PUSH);
    expect(journal.history(2).map(({ id }) => id)).toEqual([4, 3]);
  });

  it('returns the active deployment and all unfinished ones', async () => {
    await goes('failed');
    await goes('running', 'baking');
    await goes();
    expect(journal.active()?.id).toBe(2);
    expect(journal.pending().map(({ id }) => id)).toEqual([2, 3]);
  });

  it('returns the events after a given one, of all deployments or of one', async () => {
    await goes();
    const [{ id: last } = { id: 0 }] = journal.since(0);
    await journal.record(null, { type: 'incident', reason: 'silent', message: 'blue does not answer' });
    await goes();
    expect(journal.since(last).map(({ deployment }) => deployment)).toEqual([null, 2]);
    expect(journal.since(last, 2)).toHaveLength(1);
    expect(journal.since(last, 1)).toEqual([]);
  });
});

describe('the live release in the journal', () => {
  it('is null before the first one', () => expect(journal.lastLive()).toBeNull());

  it('is the one that went live last, not the one requested last', async () => {
    const requested = [await goes('running'), await goes('running')];
    await goesLive(requested[1] as number, GREEN, 10);
    await goesLive(requested[0] as number, BLUE, 20);
    expect(journal.lastLive()?.to).toEqual(BLUE);
  });

  it('is the one that went live last even if the clock was ahead or is behind', async () => {
    await wentLive(GREEN, Date.parse('2099-01-01'));
    await wentLive(BLUE, Date.now());
    expect(journal.lastLive()?.to).toEqual(BLUE);
    await wentLive(GREEN, Date.parse('1970-01-02'));
    expect(journal.lastLive()?.to).toEqual(GREEN);
    expect(journal.lastInSlot('blue')?.to).toEqual(BLUE);
  });

  it('may still be baking', async () => {
    await wentLive(BLUE, 10);
    await wentLive(GREEN, 20, 'baking');
    expect(journal.lastLive()?.to).toEqual(GREEN);
    expect(journal.lastInSlot('green')?.to).toEqual(GREEN);
  });

  it('is not one that was rolled back', async () => {
    await wentLive(BLUE, 10);
    await wentLive(GREEN, 20, 'baking', 'rolled-back');
    expect(journal.lastLive()?.to).toEqual(BLUE);
    expect(journal.lastInSlot('green')).toBeNull();
  });

  it('is the one that an operator is rolling back, until the rollback is live', async () => {
    await wentLive(BLUE, 10);
    const id = await goes('running');
    await journal.note(id, { liveAt: 20, to: GREEN });
    await journal.move(id, 'baking');
    await journal.move(id, 'rolled-back', { fault: 'operator' });
    await goes('running', 'failed');
    expect(journal.lastLive()?.to).toEqual(GREEN);
    await wentLive(BLUE, 30);
    expect(journal.lastLive()?.to).toEqual(BLUE);
  });

  it('is not replaced by a deployment that had nothing to do', async () => {
    await wentLive(BLUE, 10);
    const id = await goes('running');
    await journal.note(id, { to: BLUE });
    await journal.move(id, 'succeeded');
    expect(journal.lastLive()?.id).toBe(1);
  });

  it('is known for each slot', async () => {
    await wentLive(BLUE, 10);
    await wentLive(GREEN, 20);
    expect(journal.lastInSlot('blue')?.id).toBe(1);
    expect(journal.lastInSlot('green')?.id).toBe(2);
    expect(journal.lastInSlot('red')).toBeNull();
  });

  it('is found behind a thousand later failures', async () => {
    await wentLive(BLUE, 10);
    await goes('failed');
    repeatLast(1000);
    expect(journal.lastLive()?.to).toEqual(BLUE);
  });
});

test('processes that write at the same time lose nothing and share a delivery', async () => {
  const each = 50;
  const writers = ['one', 'two'].map((name) => startProgram('journal-writer.ts', file, name, String(each)));
  await Promise.all(writers.map(firstOutput));
  for (let i = 0; i < each; i++) await journal.record(null, { type: 'warning', message: `own ${i}` });
  const codes = await Promise.all(writers.map(exitCode));
  expect(codes).toEqual([0, 0]);

  const messages = journal.since(0).flatMap(({ entry }) => (entry.type === 'warning' ? [entry.message] : []));
  for (const name of ['one', 'two', 'own']) {
    const own = messages.filter((message) => message.startsWith(name));
    expect(own).toEqual(Array.from({ length: each }, (_, i) => `${name} ${i}`));
  }
  expect(journal.history()).toHaveLength(each);
}, 20_000);

test('a home that was never started has no journal', () => {
  const dir = path.join(tempHome(), 'not', 'here');
  expect(() => Journal.open({ journal: path.join(dir, 'journal.db'), dir })).toThrow(
    expect.objectContaining({ code: 'E_NOT_STARTED' }),
  );
});

function entriesOf(id: number): ReturnType<Journal['since']>[number]['entry'][] {
  return journal.since(0, id).map(({ entry }) => entry);
}

/** Requests a deployment and moves it through these states. */
async function goes(...states: DeploymentState[]): Promise<number> {
  const { id } = await journal.request(PUSH);
  for (const state of states) await journal.move(id, state);
  return id;
}

/** Copies the last deployment in one transaction, since moving each through its states would take seconds. */
function repeatLast(times: number): void {
  const db = new Database(file);
  const { state, body } = db
    .prepare('SELECT * FROM deployments ORDER BY id DESC LIMIT 1')
    .get() as DeploymentRow;
  const insert = db.prepare('INSERT INTO deployments (state, body) VALUES (?, ?)');
  db.exec('BEGIN');
  for (let i = 0; i < times; i++) insert.run(state, body);
  db.exec('COMMIT');
  db.close();
}

interface DeploymentRow {
  state: string;
  body: string;
}

async function wentLive(to: Serving, liveAt: number, ...then: DeploymentState[]): Promise<void> {
  await goesLive(await goes('running'), to, liveAt, ...then);
}

async function goesLive(id: number, to: Serving, liveAt: number, ...then: DeploymentState[]): Promise<void> {
  await journal.note(id, { to, liveAt });
  for (const state of then.length ? then : (['succeeded'] as const)) await journal.move(id, state);
}

async function exitCode(child: ReturnType<typeof startProgram>): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}

describe('a long history', () => {
  const MANY = 3000;

  it('hides neither the rollback target nor a bad commit behind rows without a deploy', async () => {
    await wentLive(BLUE, 10);
    const id = await goes('running');
    const facts = { commit: commit('c'), fault: 'commit', cause: 'it answers 500' } as const;
    await journal.move(id, 'failed', facts);
    await succeeds(BLUE);
    await succeeds(GREEN);
    await goes('failed');
    repeatLast(MANY);

    expect(rollbackTarget(journal.verdicts(), GREEN.commit)).toBe(BLUE.commit);
    expect(badCause(journal.verdicts(commit('c')), commit('c'))).toBe('it answers 500');
    expect(journal.newestOf(BLUE.commit)).toMatchObject({ state: 'succeeded' });
  });

  it('can be shortened without changing a decision', async () => {
    await journal.request({ ...PUSH, delivery: 'd-1', branch: 'other' });
    await journal.move(1, 'superseded', { environment: 7 });
    const bad = await goes('running');
    await journal.move(bad, 'failed', { commit: commit('c'), fault: 'commit', cause: 'it answers 500' });
    await succeeds(BLUE);
    await succeeds(GREEN);
    await goes('failed');
    repeatLast(MANY);
    const decisions = (): unknown => [
      rollbackTarget(journal.verdicts(), GREEN.commit),
      badCause(journal.verdicts(commit('c')), commit('c')),
      journal.lastLive()?.to,
      journal.lastInSlot('blue'),
      journal.lastEnvironment(),
      journal.newestOfBranch('other').map(({ id }) => id),
      driftOf(journal.verdicts(), BLUE),
    ];
    const before = decisions();

    await journal.forgetDeployments(['blue', 'green'], 100);

    expect(decisions()).toEqual(before);
    expect(journal.count()).toBeLessThan(110);
    expect((await journal.request({ ...PUSH, delivery: 'd-1' })).id).toBe(1);
  });

  it('is queried in a fraction of the time that reading all of it takes', async () => {
    await succeeds(BLUE);
    await succeeds(GREEN);
    await goes('failed');
    repeatLast(50_000);
    const querying = timed(() => {
      expect(rollbackTarget(journal.verdicts(), GREEN.commit)).toBe(BLUE.commit);
      expect(journal.lastLive()?.to).toEqual(GREEN);
    });
    // both in one run, so that the speed of the machine does not matter
    expect(querying).toBeLessThan(timed(() => journal.history(50_000)) / 2);
  }, 60_000);

  function timed(work: () => void): number {
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  }

  async function succeeds(to: Serving): Promise<void> {
    const id = await goes('running');
    await journal.note(id, { to, commit: to.commit, liveAt: 10 + id });
    await journal.move(id, 'succeeded');
  }
});

it('an open incident is not pruned with the events of its time', async () => {
  await journal.record(null, {
    type: 'incident',
    reason: 'poll',
    message: 'poll: the source does not answer',
  });
  await journal.record(null, {
    type: 'incident',
    reason: 'silent',
    message: 'blue does not answer',
    slot: 'blue',
  });
  await journal.record(null, {
    type: 'incident',
    reason: 'answers',
    message: 'blue answers again',
    slot: 'blue',
  });
  for (let i = 0; i < 3; i++) await goes('failed');
  await journal.forgetBefore(3);
  expect(journal.incidents(9)).toMatchObject([
    { reason: 'answers', slot: 'blue', message: 'blue answers again' },
    { reason: 'poll', slot: null, message: 'poll: the source does not answer' },
  ]);
});

describe('a journal from an older version', () => {
  it('is ordered by its events, or by ids where events are missing, but never by the clock', async () => {
    const old = path.join(tempHome(), 'journal.db');
    writeOldJournal(old, [
      { to: GREEN, liveAt: Date.parse('2099-01-01') },
      { to: BLUE, liveAt: 30 },
      // waited longer than the next one, so its event came last
      { to: GREEN, liveAt: 20, event: 8 },
      { to: BLUE, liveAt: 40, event: 7 },
    ]);
    const migrated = Journal.open({ journal: old, dir: path.dirname(old) });
    afterwards(() => migrated.close());
    expect(migrated.lastLive()?.id).toBe(3);
    expect(migrated.lastInSlot('blue')?.id).toBe(4);
    expect(migrated.history().map(({ live }) => live)).toEqual([7, 8, -3, -4]);
    expect(await migrated.request({ ...PUSH, delivery: 'd-1' })).toMatchObject({ id: 1 });
  });

  it('renames the fields of an older format and gives reported exits their reason', async () => {
    const old = path.join(tempHome(), 'journal.db');
    const empty = Journal.open({ journal: old, dir: path.dirname(old) });
    await empty.prepare();
    empty.close();
    const db = new Database(old);
    // its tables are those of format 2
    db.exec('PRAGMA user_version = 2');
    const deployment = {
      wish: 'promote',
      migration: { sound: [], before: { requests: 0, errors: 0 }, liveFails: null, copy: null, moved: false },
    };
    const { request: _, ...known } = INITIAL_FACTS;
    const insert = db.prepare('INSERT INTO deployments (state, body) VALUES (?, ?)');
    insert.run('holding', JSON.stringify({ ...known, kind: 'deploy', createdAt: 1, ...deployment }));
    insert.run('running', JSON.stringify({ ...known, kind: 'deploy', createdAt: 1, wish: null }));
    insert.run('running', JSON.stringify({ kind: 'deploy', createdAt: 1, hold: true }));
    for (const [message, slot] of [
      ['blue ended and was started again (pid 7)', 'blue'],
      ['blue does not answer', 'blue'],
      ['nginx was gone and was started again', undefined],
    ])
      db.prepare('INSERT INTO events (deployment, at, entry) VALUES (NULL, 0, ?)').run(
        JSON.stringify({ type: 'incident', message, slot }),
      );
    db.close();

    const migrated = Journal.open({ journal: old, dir: path.dirname(old) });
    afterwards(() => migrated.close());
    const [third, second, first] = migrated.history();
    expect(first).toMatchObject({ request: 'promote', migration: { schemaChanged: false, copy: null } });
    expect(first).not.toHaveProperty('wish');
    expect(first?.migration).not.toHaveProperty('moved');
    expect(second).toMatchObject({ request: null, migration: null });
    expect(second).not.toHaveProperty('wish');
    expect(third).toMatchObject({ request: null, hold: true });
    expect(migrated.incidents(9).map(({ reason }) => reason)).toEqual([null, null, 'exited']);
  });

  it('leaves no lock behind when its rows cannot be migrated', () => {
    const old = path.join(tempHome(), 'journal.db');
    writeOldJournal(old, [{ to: BLUE, liveAt: 30 }]);
    const db = new Database(old);
    db.prepare('UPDATE deployments SET body = ?').run('no JSON');
    expect(() => Journal.open({ journal: old, dir: path.dirname(old) })).toThrow(/JSON/);
    db.exec('BEGIN IMMEDIATE; COMMIT');
    expect(db.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 0 });
    db.close();
  });

  it('can be migrated by two processes at the same time', async () => {
    const old = path.join(tempHome(), 'journal.db');
    writeOldJournal(old, [{ to: BLUE, liveAt: 30 }]);
    const writers = ['one', 'two'].map((name) => startProgram('journal-writer.ts', old, name, '1'));
    expect(await Promise.all(writers.map(exitCode))).toEqual([0, 0]);
  });
});

interface OldRow {
  to: Serving;
  liveAt: number;
  /** The id of its live event, unless that was pruned. */
  event?: number;
}

/** The schema of the first versions. */
function writeOldJournal(at: string, rows: OldRow[]): void {
  const db = new Database(at);
  db.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE deployments (id INTEGER PRIMARY KEY AUTOINCREMENT, delivery TEXT UNIQUE, state TEXT NOT NULL, body TEXT NOT NULL);
    CREATE INDEX deployments_by_state ON deployments (state);
    CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, deployment INTEGER, at INTEGER NOT NULL, entry TEXT NOT NULL);
    CREATE INDEX events_by_deployment ON events (deployment, id);
    CREATE TABLE tips (source TEXT NOT NULL, branch TEXT NOT NULL, tip TEXT, PRIMARY KEY (source, branch));`);
  rows.forEach(({ to, liveAt, event }, index) => {
    const body = { ...INITIAL_FACTS, kind: 'deploy', trigger: 'push', to, liveAt, createdAt: 1 };
    db.prepare('INSERT INTO deployments (delivery, state, body) VALUES (?, ?, ?)').run(
      `d-${index + 1}`,
      'succeeded',
      JSON.stringify(body),
    );
    if (event !== undefined)
      db.prepare('INSERT INTO events (id, deployment, at, entry) VALUES (?, ?, 0, ?)').run(
        event,
        index + 1,
        JSON.stringify({ type: 'live', serving: to }),
      );
  });
  db.close();
}

describe('damage to the journal', () => {
  it('is null for an intact journal', () => expect(journal.damage()).toBeNull());

  it('is found in pages that no query reads', async () => {
    for (let count = 0; count < 200; count++) {
      await journal.record(null, { type: 'warning', message: `${count} `.repeat(50) });
    }
    // SQLite would repair the page from its log
    new Database(file).pragma('wal_checkpoint(TRUNCATE)');
    const disk = openSync(file, 'r+');
    const page = 4096;
    writeSync(disk, Buffer.alloc(page, 7), 0, page, fstatSync(disk).size - page);
    closeSync(disk);

    const broken = Journal.open({ journal: file, dir: path.dirname(file) });
    expect(broken.history()).toEqual([]);
    expect(broken.damage()).toMatch(/^Tree \d+ page \d+: /);
    broken.close();
  });
});

describe('flushing to disk', () => {
  const [NORMAL, FULL] = [1, 2];
  const phase = { type: 'phase', phase: 'start' } as const;

  it('happens immediately for everything that recovery needs, and later for informative entries', async () => {
    const id = await goes('running');
    const levels = levelsOfCommits();
    await journal.record(id, { type: 'phase', phase: 'fetch', status: 'started' });
    await journal.record(id, { ...phase, status: 'started', step: 1 });
    await journal.record(id, { ...phase, status: 'done', step: 1, ms: 5 });
    await journal.note(id, { version: '2' });
    await journal.recordTip('/srv/app.git', 'main', commit('a'));
    expect(levels).toEqual([NORMAL, FULL, NORMAL, FULL, FULL]);
  });
});

/** Records SQLite's `synchronous` setting at each commit from now on. */
function levelsOfCommits(): number[] {
  const levels: number[] = [];
  interface Connection {
    exec: (this: Connection, sql: string) => void;
    prepare(sql: string): { get(): { synchronous: number } };
  }
  const connection = Database.prototype as unknown as Connection;
  const { exec } = connection;
  const spy = jest.spyOn(connection, 'exec').mockImplementation(function (this: Connection, sql) {
    if (sql === 'COMMIT') levels.push(this.prepare('PRAGMA synchronous').get().synchronous);
    exec.call(this, sql);
  });
  afterwards(() => spy.mockRestore());
  return levels;
}

describe('the last seen tip', () => {
  const SOURCE = 'https://me:hunter2@example.org/app.git';

  it('is unknown before the first poll', () => expect(journal.lastTip(SOURCE, 'main')).toBeUndefined());

  it('is the newest one, or null for an absent branch', async () => {
    await journal.recordTip(SOURCE, 'main', null);
    expect(journal.lastTip(SOURCE, 'main')).toBeNull();
    for (const tip of ['a', 'b']) await journal.recordTip(SOURCE, 'main', commit(tip));
    expect(journal.lastTip(SOURCE, 'main')).toBe(commit('b'));
  });

  it('is saved in one transaction with the deployment of it', async () => {
    const id = await goes('running');
    await journal.recordTip(SOURCE, 'main', commit('a'), { id, facts: { commit: commit('a') } });
    expect(journal.get(id)).toMatchObject({ state: 'running', commit: commit('a') });
    const missing = { id: 99, facts: { commit: commit('b') } };
    await expect(journal.recordTip(SOURCE, 'main', commit('b'), missing)).rejects.toThrow();
    expect(journal.lastTip(SOURCE, 'main')).toBe(commit('a'));
  });

  it('is forgotten when another branch or another source is followed', async () => {
    await journal.recordTip(SOURCE, 'main', commit('a'));
    await journal.recordTip(SOURCE, 'next', commit('b'));
    expect(journal.lastTip(SOURCE, 'main')).toBeUndefined();
    await journal.recordTip('/srv/app.git', 'next', commit('b'));
    expect(journal.lastTip(SOURCE, 'next')).toBeUndefined();
  });

  it('is kept without the password of its source, and survives a new password', async () => {
    await journal.recordTip(SOURCE, 'main', commit('a'));
    expect(journal.lastTip('https://me:other@example.org/app.git', 'main')).toBe(commit('a'));
    expect(JSON.stringify(new Database(file).prepare('SELECT * FROM tips').all())).not.toContain('hunter2');
  });
});
