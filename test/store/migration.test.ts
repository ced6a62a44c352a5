import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import type { Incident } from '../../src/model/incident.ts';
import { FLAGS } from '../../src/model/stored.ts';
import { CONTENT_COLUMNS, cellsOf, contentFlags } from '../../src/store/incident-row.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { MIGRATIONS, SCHEMA_VERSION } from '../../src/store/sqlite/schema.ts';
import type { Store } from '../../src/store/store.ts';
import {
  at,
  counted,
  DAY_MS,
  HOUR_MS,
  incident,
  MINUTE_MS,
  poll,
  recovered,
  SINCE,
  settings,
  totals,
} from './fixtures.ts';
import { silent, temporaryFolder } from './sqlite-location.ts';

const IMPORTED_FROM_MS = SINCE - 300 * DAY_MS;
/** After the counting began, so that something may have been counted and pruned. */
const PRUNED_BEFORE_MS = at(5);

/** Its recovery is counted. */
const COUNTED = recovered('Q1', 20);
const OPEN = incident('Q2');
/** Its opening is counted; its recovery had not settled. */
const SETTLING = recovered('Q3', 30, { triggeredAtMs: at(20) });
/** Of a provider whose first sync was complete, but nothing of what it found counted yet. */
const UNCOUNTED = recovered('Q4', 15, { escalatedAtMs: [at(12)] });
const BEFORE_COUNTING = recovered('Q5', 15, { triggeredAtMs: at(-100), escalatedAtMs: [at(-95)] });

const ROWS: readonly { provider: 1 | 2; incident: Incident; marks: number }[] = [
  { provider: 1, incident: COUNTED, marks: FLAGS.counted | FLAGS.openingCounted },
  { provider: 1, incident: OPEN, marks: FLAGS.openingCounted },
  { provider: 1, incident: SETTLING, marks: FLAGS.openingCounted },
  { provider: 2, incident: UNCOUNTED, marks: 0 },
  { provider: 2, incident: BEFORE_COUNTING, marks: 0 },
];

const lifecycle = { bornMs: SINCE, released: true };
const histogram = (sumMs = 0, counts = [0, 0, 0]) => ({ sumMs, counts });
/** In version 1 the recoveries within the target stand beside the openings. */
const SERVICE_GROUPS = {
  recovery: { ...lifecycle, recovery: histogram(20 * MINUTE_MS, [0, 1, 0]) },
  counts: { ...lifecycle, opened: 3, withinTarget: 1 },
};
const SEVERITY_GROUPS = {
  timings: {
    ...lifecycle,
    acknowledgement: histogram(),
    detection: histogram(),
    identification: histogram(),
    mitigation: histogram(),
  },
  changes: { ...lifecycle, escalations: 7, reopened: 2, unacknowledged: 1, unacknowledgedAuto: 0 },
};

/** A store as version 1 left it. */
function versionOne(): string {
  const path = join(temporaryFolder(), 'store.db');
  const database = new DatabaseSync(path);
  database.exec(MIGRATIONS[0] ?? '');
  database.exec('PRAGMA user_version = 1');
  const insert = (table: string, ...cells: (string | number | null)[]) =>
    database.prepare(`INSERT INTO ${table} VALUES (${cells.map(() => '?').join(', ')})`).run(...cells);
  const layout = { bucketsMs: [15 * MINUTE_MS, HOUR_MS], detail: 'standard', team: false };
  insert('meta', 'shape', JSON.stringify(layout));
  insert('meta', 'forgotten_before_ms', String(PRUNED_BEFORE_MS));
  insert('meta', 'imported_from_ms:pagerduty', String(IMPORTED_FROM_MS));
  insert('providers', 1, 'pagerduty', SINCE, 'until 60', 2, at(60), IMPORTED_FROM_MS, null);
  insert('providers', 2, 'opsgenie', SINCE, 'until 2', 1, at(2), SINCE - 210 * DAY_MS, null);
  insert('admitted', 'checkout');
  for (const provider of [1, 2]) {
    insert('services', provider, 'S-checkout', 'checkout', 0);
    insert('facets', provider, provider, 'S-checkout', '', 'P1', null, null);
  }
  insert('label_sets', 1, 'service', 'pagerduty', 'checkout', 'P1', '', JSON.stringify(SERVICE_GROUPS));
  insert('label_sets', 2, 'severity', 'pagerduty', '', 'P1', '', JSON.stringify(SEVERITY_GROUPS));
  insert('counters', 'pagerduty', 'revisions', 'reopened', 3);
  insert('ledger', 1, 1, 20 * MINUTE_MS, at(10), at(30), at(60));
  const columns = ['row', 'provider', 'marks', ...CONTENT_COLUMNS];
  for (const [index, { provider, incident: one, marks }] of ROWS.entries()) {
    const cells = [index + 1, provider, marks | contentFlags(one), ...cellsOf(one, provider)];
    database
      .prepare(`INSERT INTO incidents (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
      .run(...cells);
  }
  database.close();
  return path;
}

function open(path: string): Store {
  const store = createSqliteStore({ path, log: silent, nowMs: at(61) });
  onTestFinished(() => {
    try {
      store.close();
    } catch {
      // The test has closed it.
    }
  });
  store.configure(settings({ providers: [{}, { name: 'opsgenie' }] }), at(61));
  store.load(() => undefined);
  return store;
}

function pollBoth(store: Store, nowMs: number): void {
  const gone = recovered('Q0', 2, { triggeredAtMs: at(1) });
  store.commit(poll(nowMs, { incidents: [COUNTED, OPEN, SETTLING, gone] }));
  store.commit(poll(nowMs, { provider: 'opsgenie', incidents: [UNCOUNTED, BEFORE_COUNTING] }));
}

it('a store of version 1 keeps its totals, flags and times, and what was still to be counted is counted once', () => {
  const path = versionOne();
  const migrated = open(path);
  const before = { totals: totals(migrated), pagerduty: migrated.provider('pagerduty') };
  pollBoth(migrated, at(90));
  const after = totals(migrated);
  pollBoth(migrated, at(100));
  migrated.close();

  const reopened = open(path);
  pollBoth(reopened, at(110));

  expect(before).toEqual({
    totals: {
      'checkout P1': { recovery: 1, recoveryMinutes: 20, opened: 3, withinTarget: 1 },
      '* P1': { escalations: 7, reopened: 2, unacknowledged: 1 },
      'opsgenie checkout P1': {},
      'opsgenie * P1': {},
    },
    pagerduty: expect.objectContaining({
      countingSinceMs: SINCE,
      cursor: 'until 60',
      isSynced: true,
      polledUntilMs: at(60),
      historyStartMs: IMPORTED_FROM_MS,
      prunedBeforeMs: PRUNED_BEFORE_MS,
      importedFromMs: IMPORTED_FROM_MS,
    }),
  });
  expect(after).toEqual({
    'checkout P1': { recovery: 2, recoveryMinutes: 50, opened: 3, withinTarget: 2 },
    '* P1': { escalations: 7, reopened: 2, unacknowledged: 2 },
    'opsgenie checkout P1': { recovery: 1, recoveryMinutes: 15, opened: 1, withinTarget: 1 },
    'opsgenie * P1': { escalations: 1, unacknowledged: 1 },
  });
  expect(totals(reopened)).toEqual(after);
  expect(reopened.provider('pagerduty')).toMatchObject({ historyStartMs: IMPORTED_FROM_MS });
  expect(counted(reopened, 'revisions')).toEqual({ reopened: 3 });
});

it('a store of version 1 is brought to the newest version, and what moved is in one place only', () => {
  const path = versionOne();
  open(path).close();

  const database = new DatabaseSync(path);
  const all = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  const found = {
    version: all('PRAGMA user_version'),
    meta: all('SELECT name FROM meta'),
    providers: all('SELECT name, synced, pruned_before_ms, imported_from_ms FROM providers ORDER BY row'),
    pending: all(`SELECT id FROM incidents WHERE marks & ${FLAGS.pending} != 0 ORDER BY id`),
  };
  database.close();

  expect(found).toEqual({
    version: [{ user_version: SCHEMA_VERSION }],
    meta: [{ name: 'shape' }],
    providers: [
      { name: 'pagerduty', synced: 1, pruned_before_ms: PRUNED_BEFORE_MS, imported_from_ms: IMPORTED_FROM_MS },
      { name: 'opsgenie', synced: 1, pruned_before_ms: at(2), imported_from_ms: null },
    ],
    pending: [{ id: 'Q3' }, { id: 'Q4' }, { id: 'Q5' }],
  });
});

it('the totals of a label set are stored under the keys that earlier versions read', () => {
  const path = versionOne();
  const store = open(path);
  pollBoth(store, at(90));
  store.close();

  const database = new DatabaseSync(path);
  const stored = database.prepare('SELECT groups FROM label_sets WHERE row = 1').get();
  database.close();

  expect(JSON.parse(String(stored?.['groups']))).toEqual({
    recovery: { ...lifecycle, recovery: histogram(50 * MINUTE_MS, [0, 2, 0]), withinTarget: 2 },
    counts: { ...lifecycle, opened: 3 },
  });
});
