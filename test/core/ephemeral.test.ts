import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { createCore } from '../../src/core/core.ts';
import type { Incident, StateChange } from '../../src/model/incident.ts';
import { createStore } from '../../src/store/create-store.ts';
import type { StoreEngine } from '../../src/store/engine.ts';
import { createSqliteEngine } from '../../src/store/sqlite/engine.ts';
import { isCorruption, type OpenStore, openStore } from '../../src/store/sqlite/open.ts';
import type { LedgerState } from '../../src/store/state.ts';
import { at, DAY_MS, HOUR_MS, incident, MINUTE_MS, poll, recovered, SINCE } from '../store/fixtures.ts';
import { silent, temporaryFolder } from '../store/sqlite-location.ts';
import { NAME, setupOf, setupWith, TEN_DAYS } from './stage.ts';

const SERVICES_A_DAY = 200;

/** A core whose store has this engine over an opened file; it is closed at the end of the test. */
function createCoreOn(engine: StoreEngine, opened: OpenStore) {
  const store = createStore({
    engine,
    log: silent,
    nowMs: SINCE,
    isBroken: isCorruption,
    verify: () => undefined,
    close: () => opened.close(),
  });
  const core = createCore({ store, log: silent });
  onTestFinished(() => core.close());
  return { core, store };
}

/** A core with a look at what its store keeps in memory and in its file. */
function stage() {
  const path = join(temporaryFolder(), 'store.db');
  const opened = openStore({ path, log: silent, nowMs: SINCE });
  const { database } = opened;
  const engine = createSqliteEngine(database, path);
  let state: LedgerState | undefined;
  const loadState = () => {
    state = engine.loadState();
    return state;
  };
  const { core, store } = createCoreOn({ ...engine, loadState }, opened);
  core.configure(
    setupWith(`${TEN_DAYS}\ngroupings: [all]\nmetrics: { new_series_hold: 0s, max_services: 100000 }`),
    SINCE,
  );
  const inFile = () => countRows(database);
  const inMemory = () => {
    if (state === undefined) throw new Error('the store was not opened');
    const { dimensionsByRow, dimensionsRowByKey, services, incidents, allocated, overflowed, labelSets } = state;
    const maps = { dimensionsByRow, dimensionsRowByKey, services, incidents, allocated, overflowed, labelSets };
    const sizes = Object.entries(maps).map(([name, map]) => [name, [...map.entries()].length]);
    return { ...Object.fromEntries(sizes), exemplars: countExemplars(state) };
  };
  // The rows of all sets there ever were.
  const countExemplars = ({ lastSetRow }: LedgerState) => {
    const rows = Array.from({ length: lastSetRow }, (_, row) => row + 1);
    return rows.filter((row) => store.exemplars(row).length > 0).length;
  };
  return { core, store, inFile, inMemory };
}

const TABLES = ['incidents', 'ledger', 'facets', 'services', 'label_sets', 'admitted', 'signals', 'rejections'];

function countRows(database: DatabaseSync): Record<string, number> {
  const count = (sql: string) => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  const rows = TABLES.map((table) => [table, count(`SELECT count(*) FROM ${table}`)] as const);
  return { ...Object.fromEntries(rows), pages: count('PRAGMA page_count') };
}

/** What a day tells: each service of it lives for one incident, whose log entries are state changes. */
function dayOf(day: number): { readonly incidents: Incident[]; readonly stateChanges: StateChange[] } {
  const triggeredAtMs = at(60) + day * DAY_MS - 30 * MINUTE_MS;
  const incidents = Array.from({ length: SERVICES_A_DAY }, (_, index) =>
    recovered(`Q${day}-${index}`, 20, { service: `preview ${day}-${index}`, triggeredAtMs }),
  );
  const stateChanges = incidents.map(({ id }) => ({
    subject: id,
    id: 'trigger',
    atMs: triggeredAtMs,
    kind: 'trigger',
  }));
  return { incidents, stateChanges };
}

it('services that live for a day leave memory and file with the retention', () => {
  const staged = stage();
  staged.core.commit(poll(at(1), { incidents: [incident('steady', { service: 'steady' })] }));
  staged.core.tick(at(1), at(1));
  const live = (fromDay: number, untilDay: number) => {
    for (let day = fromDay; day < untilDay; day += 1) {
      const nowMs = at(60) + day * DAY_MS;
      staged.core.commit(poll(nowMs, dayOf(day)));
      staged.core.tick(nowMs, nowMs);
      staged.core.tick(nowMs + HOUR_MS, nowMs + HOUR_MS);
    }
  };

  live(0, 15);
  const [memory, file] = [staged.inMemory(), staged.inFile()];
  live(15, 40);
  const [laterMemory, laterFile] = [staged.inMemory(), staged.inFile()];

  const days = 10;
  expect(laterMemory).toEqual(memory);
  expect(laterFile).toEqual({ ...file, pages: expect.any(Number) });
  expect(laterFile['pages']).toBeLessThanOrEqual(1.1 * (file['pages'] ?? 0));
  expect(memory).toEqual({
    dimensionsByRow: days * SERVICES_A_DAY + 1,
    dimensionsRowByKey: days * SERVICES_A_DAY + 1,
    services: days * SERVICES_A_DAY + 1,
    incidents: days * SERVICES_A_DAY + 1,
    allocated: days * SERVICES_A_DAY + 1,
    overflowed: 0,
    labelSets: days * SERVICES_A_DAY + 2,
    exemplars: days * SERVICES_A_DAY,
  });
  expect(file).toMatchObject({
    incidents: days * SERVICES_A_DAY + 1,
    ledger: days * SERVICES_A_DAY,
    facets: days * SERVICES_A_DAY + 1,
    services: days * SERVICES_A_DAY + 1,
    label_sets: days * SERVICES_A_DAY + 2,
    admitted: days * SERVICES_A_DAY + 1,
    signals: days * SERVICES_A_DAY,
  });
});

it('thousands of unused services are removed at once, and the others go on counting', () => {
  const staged = stage();
  staged.core.commit(poll(at(1)));
  staged.core.tick(at(1), at(1));
  const triggeredAtMs = at(60);
  const incidents = Array.from({ length: 6000 }, (_, index) =>
    recovered(`Q${index}`, 20, { service: `preview ${index}`, triggeredAtMs }),
  );
  staged.core.commit(poll(at(90), { incidents: [...incidents, incident('steady', { service: 'steady' })] }));
  const lateMs = at(90) + 11 * DAY_MS;
  staged.core.commit(poll(lateMs));

  staged.core.tick(lateMs, lateMs);
  staged.core.tick(lateMs + 1, lateMs + 1);
  // What the incidents were called goes with the next prune.
  staged.core.tick(lateMs + HOUR_MS + 1, lateMs + HOUR_MS + 1);
  const [memory, file] = [staged.inMemory(), staged.inFile()];

  expect(staged.store.stored(NAME).openIds()).toEqual(['steady']);
  expect(memory).toMatchObject({ dimensionsByRow: 1, services: 1, allocated: 1, labelSets: 2, exemplars: 0 });
  expect(file).toMatchObject({ incidents: 1, ledger: 0, facets: 1, services: 1, label_sets: 2 });
  expect(staged.core.status(['all'], 1).providers[0]?.backlog).toEqual({ held: 1, waiting: 0 });
});

it('a prune whose disk fails at the second provider changes nothing, and the next one goes on', () => {
  const path = join(temporaryFolder(), 'store.db');
  const opened = openStore({ path, log: silent, nowMs: SINCE });
  const engine = createSqliteEngine(opened.database, path);
  let callsLeft = Number.POSITIVE_INFINITY;
  const incidents: typeof engine.incidents = (query, ...asked) => {
    if (query !== 'closedBefore') return engine.incidents(query, ...asked);
    if (callsLeft === 0) throw new Error('database or disk is full');
    callsLeft -= 1;
    return engine.incidents(query, ...asked);
  };
  const { core } = createCoreOn({ ...engine, incidents }, opened);
  const providers = ['a', 'b'].map((name) => `{ name: ${name}, type: pagerduty, api_key: k }`);
  core.configure(setupOf(providers, TEN_DAYS), SINCE);
  const lateMs = at(60) + 11 * DAY_MS;
  for (const provider of ['a', 'b']) {
    core.commit(poll(at(60), { provider, incidents: [recovered('Q1', 20)] }));
    core.commit(poll(lateMs, { provider, incidents: [recovered('Q2', 20, { triggeredAtMs: lateMs - HOUR_MS })] }));
  }
  core.tick(at(60), at(60));

  callsLeft = 1;
  const { failure } = core.tick(lateMs, lateMs);
  callsLeft = Number.POSITIVE_INFINITY;
  core.tick(lateMs + 1000, lateMs + 1000);

  const { providers: told } = core.status(['all'], 0);
  expect(failure).toBe('database or disk is full');
  expect(told.map(({ backlog, counts }) => [backlog.held, counts?.resolved])).toEqual([
    [1, 1],
    [1, 1],
  ]);
});
