/**
 * Migrations beneath a release that stays live: if one breaks it, the push says so in its last line and doctor restores
 * the data. The app keeps its data in SQLite, like the sample app.
 */
import Libsql from 'libsql';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { applyFix, expectFault, WITH_COMMANDS } from '../support/doctor';
import { expectDone, expectLive, verdictOf } from '../support/expect-live';
import { startLoad, type LoadRequest } from '../support/load';
import { tinyClone, type Change, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(180_000);

const LIBSQL = JSON.stringify(path.join(__dirname, '../../node_modules/libsql'));
const SERVER = readFileSync(path.join(__dirname, '../support/faulty-app/server.js'), 'utf8');

/** A server whose health path reads a column. @param column the column this release expects */
function reading(column: string): string {
  const query = `new (require(${LIBSQL}))(path.join(SWITCHYARD_DATA, 'app.db')).prepare('SELECT ${column} FROM notes').all()`;
  const health = `try { ${query}; } catch (error) { return { status: 500, body: { error: error.message } }; }`;
  return SERVER.replace("'/health': (request) => {", `'/health': (request) => { ${health}`);
}

/** @param end code that ends the process */
function migration(sql: string, end = ''): string[] {
  const run = `new (require(${LIBSQL}))(process.env.SWITCHYARD_DATA + '/app.db').exec(${JSON.stringify(sql)})`;
  return ['node', '-e', `${run}; ${end}`];
}

const V1: Change = { ...WITH_COMMANDS, files: { 'app/server.js': reading('text') } };
const RENAME = 'ALTER TABLE notes RENAME COLUMN text TO body';
/** A release for the new schema. */
const V2: Change = {
  ...WITH_COMMANDS,
  config: { app: { migrate: migration(RENAME) } },
  files: { 'app/server.js': reading('body') },
};
/** Its migration succeeds, and then it fails to start. */
const BAD: Change = { ...V2, behaviour: { exits: true } };
const FAILS = /\/health in \w+ answers 500 .*no such column: text/;

let clone: TinyClone;
let first: string;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 } });
  clone.change({ ...V1, files: {} });
  await clone.commit('first');
  expectDone(await clone.start());
  const database = new Libsql(path.join(clone.home.shared, 'app.db'));
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE notes (text); INSERT INTO notes VALUES ('kept')");
  database.close();
  const { commit } = expectLive(await clone.release(V1));
  first = commit.slice(0, 7);
});
afterAll(() => clone.cleanUp());

it('a push whose migration breaks the live release says so in its last line, and doctor restores the data', async () => {
  const result = await clone.release(BAD);

  expect(result.text).toMatch(
    new RegExp(`! a migration changed the schema, and v1\\.0\\.0 \\(${first}\\) now fails: ${FAILS.source}`),
  );
  expect(result.verdict).toMatch(
    new RegExp(
      `^✗ NOT LIVE\\. A migration changed the schema, and v1\\.0\\.0 \\(${first}\\) now fails \\(${FAILS.source}.*\\): .* exited with code 3`,
    ),
  );
  const copy = path.join(clone.home.dir, 'data-copies', String(result.deployment.id));
  expect(result.text).toContain(`copied the data to ${copy}`);
  expect(result.text).toContain('to bring the data back: mkdir ');
  expect(readdirSync(copy)).toEqual(['app.db']);
  // the watch did not restart the process, which the migration broke
  expect((await clone.slot('green')).restarts).toBe(0);

  const fault = await expectFault(clone, 'schema');

  expect(fault.message).toMatch(
    /^The migration of deployment \d+ changed the schema, and v1\.0\.0 .* has failed since: /,
  );
  await applyFix(clone, fault);
  expect((await clone.get('/health')).status).toBe(200);
  expect(texts('text')).toEqual(['kept']);
});

it('a push whose migration fails after breaking the live release says so in its last line', async () => {
  const app = { migrate: migration(RENAME, 'console.error("Error: half done"); process.exit(4)') };

  const result = await clone.release({ ...V2, config: { app } });

  expect(result.deployment).toMatchObject({ state: 'failed', errorCode: 'E_MIGRATE' });
  expect(result.verdict).toMatch(
    /^✗ NOT LIVE\. A migration changed the schema, and .* now fails \(.*\): .* code 4: Error: half done\.$/,
  );
  await applyFix(clone, await expectFault(clone, 'schema'));
});

it('a failed push with a compatible migration reports no broken release', async () => {
  const app = { migrate: migration('ALTER TABLE notes ADD COLUMN extra') };

  const result = await clone.release({ ...V1, behaviour: { exits: true }, config: { app } });

  expect(result.verdict).toMatch(/^✗ NOT LIVE\. Still serving v1\.0\.0 /);
  expect(result.text).not.toContain('now fails');
});

it('a push reports that the live release fails although only user requests show it', async () => {
  const { commit } = await clone.serving();
  const order = `require('fs').writeFileSync(process.env.SWITCHYARD_DATA + '/order-${commit}', 'fail-work')`;
  const mix: LoadRequest[] = [{ method: 'GET', path: '/work' }];
  const load = startLoad({ port: clone.ports.http, connections: 4, slow: null, pauseMs: 20, mix });
  try {
    await load.more(50);
    const app = { migrate: ['node', '-e', order] };
    const result = await clone.release({ ...V1, behaviour: { exits: true }, config: { app } });
    expect(result.verdict).toMatch(
      /^✗ NOT LIVE\. A migration changed the schema, and .* now fails \(\d+ of \d+ requests failed \([\d.]+ %, before 0\.0 %\)\): /,
    );
  } finally {
    await load.stop();
    clone.order(commit, null);
  }
});

it('a held release whose migration broke the live one advises to promote it', async () => {
  clone.change(V2);
  const commit = await clone.commit('for the new schema');

  const held = await clone.switchyard('deploy', '--hold', commit);

  expect(held.text).toMatch(/! a migration changed the schema, and v1\.0\.0 \(\w+\) now fails \(/);
  expect(held.text).toContain('promote fixes this; abort does not');
  expectLive(await clone.switchyard('promote'));
  expect((await clone.get('/health')).status).toBe(200);

  // the rollback target cannot work with the schema, and a warning comes before the failure
  const back = await clone.switchyard('rollback');
  expect(back.code).toBe(1);
  expect(back.text).toMatch(/! the schema stays that of deployment \d+: a rollback does not undo migrations/);
  expect(verdictOf(back.text)).toMatch(/^✗ NOT LIVE\. Still serving /);
});

it('deployments with migrations keep the last three copies of the data', async () => {
  for (let time = 0; time < 3; time++) {
    const app = { migrate: ['node', '-e', '0'] };
    const result = await clone.release({ ...V2, config: { app } });
    expectLive(result);
    expect(result.text).toContain('copied the data to ');
    // the migration changed nothing
    expect(result.text).not.toContain('to bring the data back');
  }
  await until(
    'the older copies to be removed',
    () => readdirSync(path.join(clone.home.dir, 'data-copies')).length === 3,
  );
  expect(existsSync(path.join(clone.home.shared, 'app.db'))).toBe(true);
});

function texts(column: string): unknown[] {
  const database = new Libsql(path.join(clone.home.shared, 'app.db'));
  try {
    return database.prepare(`SELECT ${column} FROM notes`).raw().all().flat();
  } finally {
    database.close();
  }
}
