import type { DatabaseSync } from 'node:sqlite';

/** Steps forward, in order; the position of a step plus one is the version that it leads to. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE providers (
    row INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    counting_since_ms INTEGER, cursor TEXT, synced INTEGER NOT NULL DEFAULT 0,
    asked_until_ms INTEGER, history_start_ms INTEGER, filter TEXT
  ) STRICT;
  CREATE TABLE services (
    provider INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, listed INTEGER NOT NULL,
    PRIMARY KEY (provider, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE facets (
    row INTEGER PRIMARY KEY, provider INTEGER NOT NULL, service TEXT NOT NULL, team TEXT NOT NULL,
    priority TEXT, urgency TEXT, tag TEXT
  ) STRICT;
  CREATE TABLE incidents (
    row INTEGER PRIMARY KEY, provider INTEGER NOT NULL, id TEXT NOT NULL, facet INTEGER NOT NULL,
    marks INTEGER NOT NULL, status INTEGER NOT NULL, triggered_ms INTEGER NOT NULL,
    started_ms INTEGER, identified_ms INTEGER, acknowledged_ms INTEGER, mitigated_ms INTEGER, resolved_ms INTEGER,
    spans TEXT, fingerprint_digest INTEGER NOT NULL,
    end_from TEXT, auto INTEGER, escalated TEXT, reopened TEXT,
    fingerprint TEXT NOT NULL, title TEXT NOT NULL, url TEXT, updated_ms INTEGER NOT NULL,
    recovery_key TEXT, subject TEXT,
    escalations_counted INTEGER NOT NULL DEFAULT 0, reopens_counted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (provider, id)
  ) STRICT;
  CREATE INDEX open_incidents ON incidents (provider) WHERE resolved_ms IS NULL;
  CREATE INDEX incident_subjects ON incidents (provider, subject, recovery_key) WHERE subject IS NOT NULL;
  CREATE TABLE ledger (
    incident INTEGER PRIMARY KEY, label_set INTEGER NOT NULL, ms INTEGER NOT NULL,
    triggered_ms INTEGER NOT NULL, resolved_ms INTEGER NOT NULL, counted_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE label_sets (
    row INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, provider TEXT NOT NULL, service TEXT NOT NULL,
    severity TEXT NOT NULL, team TEXT NOT NULL, groups TEXT NOT NULL,
    UNIQUE (kind, provider, service, severity, team)
  ) STRICT;
  CREATE TABLE admitted (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE counters (
    provider TEXT NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY (provider, name, label)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE rejections (
    provider INTEGER NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL, id TEXT, at_ms INTEGER NOT NULL,
    PRIMARY KEY (provider, key, reason)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX waiting_rejections ON rejections (provider, id) WHERE id IS NOT NULL;
  CREATE TABLE signals (
    provider INTEGER NOT NULL, subject TEXT NOT NULL, id TEXT NOT NULL, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,
    PRIMARY KEY (provider, subject, id)
  ) STRICT, WITHOUT ROWID;
  `,
  // What is still to be counted is one indexed flag (2048); what was pruned is known for each provider.
  `
  ALTER TABLE providers ADD COLUMN pruned_before_ms INTEGER;
  ALTER TABLE providers ADD COLUMN imported_from_ms INTEGER;
  UPDATE providers SET
    pruned_before_ms = min(asked_until_ms, (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'forgotten_before_ms')),
    imported_from_ms = (SELECT CAST(value AS INTEGER) FROM meta WHERE meta.name = 'imported_from_ms:' || providers.name);
  DELETE FROM meta WHERE name = 'forgotten_before_ms' OR substr(name, 1, 17) = 'imported_from_ms:';
  UPDATE incidents SET marks = marks | 2048 WHERE marks & 14 = 0 AND EXISTS (
    SELECT 1 FROM providers p WHERE p.row = incidents.provider AND (
      (marks & 128 = 0 AND resolved_ms >= p.counting_since_ms)
      OR (marks & 256 = 0 AND triggered_ms >= p.counting_since_ms)
      OR (p.synced < 2 AND p.counting_since_ms IS NOT NULL AND marks & 48 != 0)));
  UPDATE providers SET synced = 1 WHERE synced = 2;
  CREATE INDEX pending_incidents ON incidents (provider) WHERE marks & 2048 != 0;
  `,
  // Deployments; their label sets have an environment. The ledger names sets by row, so the highest one ever given is kept.
  `
  ALTER TABLE providers ADD COLUMN deployment_policy TEXT;
  ALTER TABLE providers ADD COLUMN counting_began_ms INTEGER;
  UPDATE providers SET counting_began_ms = counting_since_ms;
  CREATE TABLE deployment_subjects (
    row INTEGER PRIMARY KEY, provider INTEGER NOT NULL, repository TEXT NOT NULL, environment TEXT NOT NULL
  ) STRICT;
  CREATE TABLE deployments (
    row INTEGER PRIMARY KEY, provider INTEGER NOT NULL, id TEXT NOT NULL, subject INTEGER NOT NULL, flags INTEGER NOT NULL,
    outcome TEXT, started_ms INTEGER NOT NULL, finished_ms INTEGER, ref TEXT, sha TEXT, url TEXT,
    updated_ms INTEGER NOT NULL, changes TEXT,
    UNIQUE (provider, id)
  ) STRICT;
  CREATE INDEX finished_deployments ON deployments (subject, finished_ms) WHERE finished_ms IS NOT NULL;
  CREATE INDEX successful_deployments ON deployments (subject, finished_ms) WHERE outcome = 'success' AND flags & 2 = 0;
  CREATE INDEX deployed_commits ON deployments (subject, sha) WHERE outcome = 'success' AND flags & 2 = 0;
  CREATE INDEX unfinished_deployments ON deployments (provider) WHERE finished_ms IS NULL;
  CREATE INDEX pending_deployments ON deployments (provider) WHERE flags & 8 != 0;
  CREATE TABLE comparisons (
    row INTEGER PRIMARY KEY, provider INTEGER NOT NULL, repository TEXT NOT NULL, base TEXT NOT NULL, head TEXT NOT NULL,
    relation TEXT NOT NULL, at_ms INTEGER NOT NULL,
    UNIQUE (provider, repository, head, base)
  ) STRICT;
  CREATE TABLE changes (
    comparison INTEGER NOT NULL, sha TEXT NOT NULL, authored_ms INTEGER NOT NULL,
    first_commit_ms INTEGER, opened_ms INTEGER, merged_ms INTEGER,
    PRIMARY KEY (comparison, sha)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX changed_commits ON changes (sha);
  CREATE TABLE deployed_changes (
    provider INTEGER NOT NULL, repository TEXT NOT NULL, environment TEXT NOT NULL, sha TEXT NOT NULL,
    deployment INTEGER NOT NULL, ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL, counted_at_ms INTEGER NOT NULL,
    PRIMARY KEY (provider, repository, environment, sha)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE label_sets_3 (
    row INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, provider TEXT NOT NULL, service TEXT NOT NULL,
    severity TEXT NOT NULL, environment TEXT, team TEXT NOT NULL, groups TEXT NOT NULL
  ) STRICT;
  INSERT INTO label_sets_3 SELECT row, kind, provider, service, severity, NULL, team, groups FROM label_sets;
  DELETE FROM sqlite_sequence WHERE name = 'label_sets_3';
  INSERT INTO sqlite_sequence SELECT 'label_sets_3', seq FROM sqlite_sequence WHERE name = 'label_sets';
  DROP TABLE label_sets;
  ALTER TABLE label_sets_3 RENAME TO label_sets;
  CREATE UNIQUE INDEX label_set_keys ON label_sets (kind, provider, service, severity, coalesce(environment, ''), team);
  `,
];

/** The version of the store that this program writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** Brings the tables forward to SCHEMA_VERSION in one transaction; throws when the store is newer than this program. */
export function migrate(database: DatabaseSync, path: string): void {
  const version = versionOf(database, path);
  if (version === SCHEMA_VERSION) return;
  database.exec('BEGIN IMMEDIATE');
  for (const step of MIGRATIONS.slice(version)) database.exec(step);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  database.exec('COMMIT');
}

/** Throws when a newer program wrote the store (NewerStore), or when it is another program's database. */
export function refuseOthers(database: DatabaseSync, path: string): void {
  if (
    versionOf(database, path) > 0 ||
    database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").get() === undefined
  )
    return;
  throw new Error(`${path} is the database of another program and is left as it is; expected another store.path`);
}

/** A newer program wrote the store; the message names it. */
export class NewerStore extends Error {
  override readonly name = 'NewerStore';
}

/** The version of a store; throws NewerStore when it is newer than this program. */
export function versionOf(database: DatabaseSync, path: string): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version <= SCHEMA_VERSION) return version;
  throw new NewerStore(
    `the store ${path} was written by a newer mttr-exporter (store version ${version}; this program knows up to ${SCHEMA_VERSION})`,
  );
}
