import path from 'node:path';
import type { Database } from '../database';
import { MIGRATIONS, hasSchema, migrate, type Migration } from '../migrations';
import { MessageStore } from '../messages';
import { openDatabase, temporaryFolder } from './support';

const file = () => path.join(temporaryFolder(), 'app.db');
const tick = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Holds the write lock, as the other slot does while it writes, until the returned function is called. */
function lock(database: Database): Promise<() => void> {
  return database.read((connection) => {
    connection.exec('BEGIN IMMEDIATE');
    return () => connection.exec('COMMIT');
  });
}

describe('two slots that share a database', () => {
  test('wait for each other to write, without blocking reads', async () => {
    const name = file();
    const [blue, green] = [openDatabase(name), openDatabase(name)];
    await migrate(blue);
    const unlock = await lock(blue);

    const added = new MessageStore(green).add('from green');
    await tick(5); // a blocking wait would last until the limit, and `added` would fail
    expect(await new MessageStore(green).newestId()).toBe(0); // reads are not blocked

    unlock();
    await expect(added).resolves.toMatchObject({ id: 1 });
  });

  test('store waiting writes in their order', async () => {
    const name = file();
    const [blue, green] = [openDatabase(name), openDatabase(name)];
    await migrate(blue);
    const unlock = await lock(blue);
    const texts = Array.from({ length: 20 }, (_, i) => String(i));
    const added = Promise.all(texts.map((text) => new MessageStore(green).add(text)));
    await tick(50);
    unlock();
    expect((await added).map(({ id }) => id)).toEqual(texts.map((text) => Number(text) + 1));
  });

  test('run the next write after one that fails', async () => {
    const database = openDatabase(file());
    await migrate(database);
    const failed = database.write(() => {
      throw new Error('no further');
    });
    const next = new MessageStore(database).add('next');
    await expect(failed).rejects.toThrow('no further');
    await expect(next).resolves.toMatchObject({ id: 1 });
  });

  test('commit later writes after one that found the database locked', async () => {
    const name = file();
    const [blue, green] = [openDatabase(name), openDatabase(name, 30)];
    await migrate(blue);
    const unlock = await lock(blue);
    await expect(new MessageStore(green).add('too late')).rejects.toMatchObject({ code: 'unavailable' });
    unlock();

    await new MessageStore(green).add('acknowledged');
    expect(await new MessageStore(blue).page({ limit: 9 })).toMatchObject({
      messages: [{ text: 'acknowledged' }],
    });
  });

  test('commit later writes after a statement that hit a lock outside a transaction', async () => {
    const name = file();
    const [blue, green] = [openDatabase(name), openDatabase(name, 30)];
    await migrate(blue);
    const unlock = await lock(blue);
    // Without a transaction the INSERT itself hits the lock, and libsql leaves that statement unfinished.
    const bare = green.read((connection) => connection.run("INSERT INTO messages VALUES (9, 'x', 'y')"));
    await expect(bare).rejects.toMatchObject({ code: 'unavailable' });
    unlock();

    await new MessageStore(green).add('acknowledged');
    expect(await new MessageStore(blue).page({ limit: 9 })).toMatchObject({
      messages: [{ text: 'acknowledged' }],
    });
  });

  test('store every acknowledged message once, with increasing ids', async () => {
    const name = file();
    const slots = [openDatabase(name), openDatabase(name)];
    await migrate(slots[0]!);
    const stores = slots.map((slot) => new MessageStore(slot));
    const added = await Promise.all(Array.from({ length: 100 }, (_, i) => stores[i % 2]!.add(String(i))));
    const { messages } = await stores[0]!.page({ limit: 100 });
    expect(new Set(messages.map(({ text }) => text)).size).toBe(100);
    expect(messages).toEqual([...added].sort((a, b) => b.id - a.id));
  });

  test('roll back a change that fails halfway', async () => {
    const database = openDatabase(file(), 200);
    await migrate(database);
    const half = database.write((connection) => {
      connection.run("INSERT INTO messages (text, created_at) VALUES ('half', 'now')");
      throw new Error('no further');
    });
    await expect(half).rejects.toThrow('no further');

    const messages = new MessageStore(database);
    await messages.add('whole');
    expect(await messages.page({ limit: 9 })).toMatchObject({ messages: [{ text: 'whole' }], next: null });
  });
});

describe('migrations', () => {
  const add = (number: number, sql: string): Migration => ({ number, name: `step-${number}`, sql });

  test('are numbered from 1 without a gap', () => {
    expect(MIGRATIONS.map(({ number }) => number)).toEqual(MIGRATIONS.map((_, i) => i + 1));
  });

  test('only add to the schema, since the live release uses the same tables', () => {
    for (const { sql } of MIGRATIONS) expect(sql).not.toMatch(/\b(DROP|RENAME|DELETE|UPDATE|REPLACE)\b/i);
  });

  test('are applied once and in order, and a second run has nothing to do', async () => {
    const database = openDatabase(file());
    expect(await migrate(database)).toEqual(MIGRATIONS);
    expect(await migrate(database)).toEqual([]);
    expect(await database.read(hasSchema)).toBe(true);
    const newer = [...MIGRATIONS, add(99, 'CREATE TABLE later (x)')];
    expect(await database.read((connection) => hasSchema(connection, newer))).toBe(false);
  });

  test('upgrade a database with messages while an older release uses it', async () => {
    const name = file();
    const [old, next] = [openDatabase(name), openDatabase(name)];
    await migrate(old);
    const messages = new MessageStore(old);
    await messages.add('before');

    const newer = [...MIGRATIONS, add(99, 'ALTER TABLE messages ADD COLUMN author TEXT')];
    expect(await migrate(next, newer)).toHaveLength(1);

    await messages.add('after');
    expect(await messages.page({ limit: 2 })).toMatchObject({
      messages: [{ text: 'after' }, { text: 'before' }],
    });
    expect((await messages.find(1)) as object).not.toHaveProperty('author');
    expect(await old.read(hasSchema)).toBe(true);
  });

  test('can be applied by two processes at the same time', async () => {
    const name = file();
    const steps = Array.from({ length: 20 }, (_, i) => add(i + 1, `CREATE TABLE t${i} (x)`));
    const runs = await Promise.all([migrate(openDatabase(name), steps), migrate(openDatabase(name), steps)]);
    expect(
      runs
        .flat()
        .map(({ number }) => number)
        .sort((a, b) => a - b),
    ).toEqual(steps.map((s) => s.number));
  });

  test('that fail are rolled back and named, and earlier ones stay applied', async () => {
    const database = openDatabase(file());
    const broken = [
      add(1, 'CREATE TABLE one (x)'),
      add(2, 'CREATE TABLE two (x); INSERT INTO nowhere VALUES (1)'),
    ];
    await expect(migrate(database, broken)).rejects.toThrow(/^migration 2 \(step-2\) failed: .*nowhere/);
    const tables = await database.read((connection) =>
      connection.all("SELECT name FROM sqlite_master WHERE name IN ('one', 'two')"),
    );
    expect(tables).toEqual([{ name: 'one' }]);
    const fixed = [broken[0]!, add(2, 'CREATE TABLE two (x)')];
    expect(await migrate(database, fixed)).toEqual([fixed[1]]);
  });
});
