/** The journal's tables, and the migrations of older files. */

/** The schema version, stored in the file. Opening a journal with an older version migrates it. */
export const FORMAT = 3;

export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS deployments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery TEXT UNIQUE,
    state TEXT NOT NULL,
    body TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS deployments_by_state ON deployments (state);
  CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    deployment INTEGER,
    at INTEGER NOT NULL,
    entry TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS events_by_deployment ON events (deployment, id);
  CREATE TABLE IF NOT EXISTS tips (
    source TEXT NOT NULL,
    branch TEXT NOT NULL,
    tip TEXT,
    PRIMARY KEY (source, branch)
  );
`;
/** Numbers deployments that went live, by their `live` event. If the event was pruned, the order of the ids is used. */
export const NUMBER_LIVE = `
  UPDATE deployments SET live = coalesce(
      (SELECT max(id) FROM events WHERE deployment = deployments.id AND json_extract(entry, '$.type') = 'live'),
      id - 1 - (SELECT max(id) FROM deployments))
    WHERE live IS NULL AND json_extract(body, '$.liveAt') IS NOT NULL;
`;
/**
 * `live` is the order in which releases went live. The database assigns it, so that the order does not depend on a
 * clock. Columns that older kits know stay unchanged.
 */
const FORMAT_1 = `
  ALTER TABLE deployments ADD COLUMN live INTEGER;
  CREATE TRIGGER deployments_went_live AFTER UPDATE OF body ON deployments
    WHEN json_extract(new.body, '$.liveAt') IS NOT NULL
      AND json_extract(new.body, '$.liveAt') IS NOT json_extract(old.body, '$.liveAt')
    BEGIN
      UPDATE deployments SET live = 1 + max(
        (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'),
        (SELECT coalesce(max(live), 0) FROM deployments)) WHERE id = new.id;
    END;
  CREATE INDEX deployments_by_live ON deployments (live) WHERE live IS NOT NULL;
  ${NUMBER_LIVE}
  CREATE TABLE requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    deployment INTEGER
  );
  INSERT INTO requests (id, deployment) SELECT delivery, id FROM deployments WHERE delivery IS NOT NULL ORDER BY id;
`;

/** Indexes for the queries of decisions, so that they do not scan a history of 100,000 deployments. */
const FORMAT_2 = `
  ALTER TABLE deployments ADD COLUMN commit_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.commit')) VIRTUAL;
  ALTER TABLE deployments ADD COLUMN kind TEXT GENERATED ALWAYS AS (json_extract(body, '$.kind')) VIRTUAL;
  ALTER TABLE deployments ADD COLUMN fault TEXT GENERATED ALWAYS AS (json_extract(body, '$.fault')) VIRTUAL;
  ALTER TABLE deployments ADD COLUMN error_code TEXT GENERATED ALWAYS AS (json_extract(body, '$.errorCode')) VIRTUAL;
  ALTER TABLE deployments ADD COLUMN branch TEXT GENERATED ALWAYS AS (json_extract(body, '$.branch')) VIRTUAL;
  CREATE INDEX deployments_by_commit ON deployments (commit_id, kind, state, fault, error_code, live);
  CREATE INDEX deployments_by_branch ON deployments (branch);
`;

/** Renames two fields in the rows of an older kit, and gives a slot's exits the reason that their message states. */
export const FORMAT_3 = `
  UPDATE deployments SET body = json_remove(
      json_set(body, '$.request', json_extract(body, '$.wish')), '$.wish')
    WHERE json_type(body, '$.wish') IS NOT NULL;
  UPDATE deployments SET body = json_remove(
      json_set(body, '$.migration.schemaChanged', json(body -> '$.migration.moved')), '$.migration.moved')
    WHERE json_type(body, '$.migration.moved') IS NOT NULL;
  UPDATE events SET entry = json_set(entry, '$.reason', 'exited')
    WHERE json_extract(entry, '$.type') = 'incident' AND json_type(entry, '$.reason') IS NULL
      AND json_extract(entry, '$.message') LIKE json_extract(entry, '$.slot') || ' ended %';
`;

/** The migration at index n makes format n + 1 from format n. */
export const MIGRATIONS = [FORMAT_1, FORMAT_2, FORMAT_3];
