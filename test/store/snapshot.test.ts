import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { IncidentSummary } from '../../src/model/stored.ts';
import { openSnapshot, type StoreSnapshot } from '../../src/store/snapshot.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { SCHEMA_VERSION } from '../../src/store/sqlite/schema.ts';
import type { Store, StoreSettings } from '../../src/store/store.ts';
import { at, incident, poll, recovered, SINCE, settings, start, sync } from './fixtures.ts';
import { silent, temporaryFolder } from './sqlite-location.ts';

function pathOf(name = 'store.db'): string {
  return join(temporaryFolder(), name);
}

async function written(path: string, given: StoreSettings = settings()): Promise<Store> {
  const store = createSqliteStore({ path, log: silent, nowMs: SINCE });
  onTestFinished(() => store.close());
  return start(store, given);
}

function read(path: string, { labelMappers, maxServices }: StoreSettings = settings()): StoreSnapshot {
  const history = openSnapshot({ path, labelMappers, maxServices });
  onTestFinished(() => history.close());
  return history;
}

async function seen(history: StoreSnapshot, sinceMs?: number): Promise<IncidentSummary[]> {
  const all: IncidentSummary[] = [];
  history.each((one) => all.push(one), sinceMs);
  return all;
}

function servicesIn(history: StoreSnapshot): string[] {
  return history.names().map(({ service }) => service);
}

describe('a snapshot of a store', () => {
  it('holds the incidents as the store itself reads them, labels included', async () => {
    const path = pathOf();
    const store = await written(path);
    await sync(store, [
      recovered('A', 20, { acknowledgedAtMs: at(12), escalatedAtMs: [at(13)] }),
      recovered('B', 90, { service: 'search', team: 'web', priority: 'P2' }),
      incident('C', { service: 'cart' }),
    ]);

    const history = read(path);

    const all = await seen(history);
    expect(all.map(({ triggeredAtMs, resolvedAtMs }) => [triggeredAtMs, resolvedAtMs])).toEqual([
      [at(10), at(30)],
      [at(10), at(100)],
      [at(10), undefined],
    ]);
    for (const { dimensionsRow } of all) expect(history.labels(dimensionsRow)).toEqual(store.labels(dimensionsRow));
    expect(servicesIn(history)).toEqual(['checkout', 'search', 'cart']);
    expect(history.providers).toEqual([expect.objectContaining(store.provider('pagerduty'))]);
  });

  it('does not change while an exporter goes on writing', async () => {
    const path = pathOf();
    const store = await written(path);
    await sync(store, [recovered('A', 20)]);
    const history = read(path);

    store.commit(poll(at(200), { incidents: [recovered('B', 30), recovered('A', 99)] }));

    const now = await seen(read(path));
    expect((await seen(history)).map(({ resolvedAtMs }) => resolvedAtMs)).toEqual([at(30)]);
    expect(history.find('B')).toEqual([]);
    expect(history.providers[0]?.polledUntilMs).toBe(at(1));
    expect(now.map(({ resolvedAtMs }) => resolvedAtMs)).toEqual([at(109), at(40)]);
  });

  it('lets an exporter write and a second labelMapper read', async () => {
    const path = pathOf();
    const store = await written(path);
    await sync(store, [recovered('A', 20)]);
    read(path);
    read(path);

    const committed = store.commit(poll(at(200), { incidents: [recovered('B', 30)] }));

    expect(committed.changed.length).toBeGreaterThan(0);
    expect(read(path).find('B')).toHaveLength(1);
  });

  it('changes nothing in the store', async () => {
    const path = pathOf();
    const store = createSqliteStore({ path, log: silent, nowMs: SINCE });
    await start(store);
    await sync(store, [recovered('A', 20)]);
    store.close();
    const before = dump(path);
    const history = openSnapshot({ path, ...settings({ maxServices: 1 }) });

    await seen(history);
    history.details([1]);
    history.close();

    expect(dump(path)).toEqual(before);
  });

  it('has a provider only when its first sync is complete', async () => {
    const path = pathOf();
    const store = await written(path);
    const { complete: _, ...page } = poll(at(5), { incidents: [recovered('A', 20)] });
    store.commit(page);

    const history = read(path);

    expect(await seen(history)).toEqual([]);
    expect(history.find('A')).toEqual([]);
    expect(history.names()).toEqual([]);
    expect(history.providers).toEqual([expect.objectContaining({ name: 'pagerduty', isSynced: false })]);
  });

  it('has no provider that is no longer configured, and of a new one only the name', async () => {
    const path = pathOf();
    const store = await written(path);
    await sync(store, [recovered('A', 20)]);

    const history = read(path, settings({ providers: [{ name: 'opsgenie' }] }));

    expect(await seen(history)).toEqual([]);
    expect(history.providers).toEqual([
      expect.objectContaining({ name: 'opsgenie', isSynced: false, polledUntilMs: undefined }),
    ]);
  });

  it('calls services as the configuration renames them today, also before the exporter has read it', async () => {
    const path = pathOf();
    const store = await written(path, settings({ maxServices: 1 }));
    await sync(store, [recovered('A', 20), recovered('B', 20), recovered('C', 20, { service: 'search' })]);
    const renamed = settings({
      maxServices: 2,
      providers: [{ services: { tag: undefined, rename: [{ match: 'search', to: 'finder' }] } }],
    });

    const history = read(path, renamed);

    expect(servicesIn(read(path, settings({ maxServices: 1 })))).toEqual(['checkout', 'other']);
    expect(servicesIn(history)).toEqual(['checkout', 'finder']);
  });

  it('gives no more services a label of their own than are allowed, most incidents first', async () => {
    const path = pathOf();
    const store = await written(path, settings({ maxServices: 1 }));
    await sync(store, [
      ...['A', 'B', 'C'].map((id) => recovered(id, 20)),
      recovered('D', 20, { service: 'rare' }),
      ...['E', 'F'].map((id) => recovered(id, 20, { service: 'often' })),
    ]);

    const history = read(path, settings({ maxServices: 2 }));

    expect(servicesIn(history)).toEqual(['checkout', 'other', 'often']);
  });

  it('marks what a filter excludes', async () => {
    const path = pathOf();
    const store = await written(path);
    await sync(store, [recovered('A', 20), recovered('B', 20, { priority: 'P2' })]);
    const filter = { severities: ['P2'], services: [], teams: [], excludeTitles: [], shorterThanMs: 0 };

    const history = read(path, settings({ providers: [{ filter }] }));

    expect(history.names().map(({ severity, excluded }) => [severity, excluded])).toEqual([
      ['P1', true],
      ['P2', false],
    ]);
  });

  it('visits only what is open or ended after a time, when one is given', async () => {
    const path = pathOf();
    const store = await written(path);
    await sync(store, [recovered('A', 20), recovered('B', 30), incident('C')]);

    const late = await seen(read(path), at(30));

    expect(late.map(({ resolvedAtMs }) => resolvedAtMs)).toEqual([at(40), undefined]);
  });

  it('finds an incident with all its details by its id, of each provider that has one', async () => {
    const path = pathOf();
    const given = settings({ providers: [{}, { name: 'opsgenie' }] });
    const store = await written(path, given);
    await sync(store, [recovered('A', 20, { url: 'https://example.org/A' })]);
    await sync(store, [recovered('A', 70)], 'opsgenie');

    const found = read(path, given).find('A');

    expect(
      found.map(({ provider, incident: { url, title }, stored }) => [provider, url, title, stored.resolvedAtMs]),
    ).toEqual([
      ['pagerduty', 'https://example.org/A', 'trouble A', at(30)],
      ['opsgenie', undefined, 'trouble A', at(80)],
    ]);
  });

  it('gives details of rows in the requested order, without those that are gone', async () => {
    const path = pathOf();
    const store = await written(path);
    await sync(store, [recovered('A', 20), recovered('B', 30)]);

    const reported = read(path).details([2, 99, 1]);

    expect(reported.map(({ incident: { id } }) => id)).toEqual(['B', 'A']);
  });
});

describe('a store that cannot be read is refused in one line', () => {
  it('because there is none', () => {
    const path = pathOf();

    expect(() => read(path)).toThrow(`there is no store at ${path}`);
  });

  it('because it is none', () => {
    const path = pathOf();
    writeFileSync(path, 'not a database, but long enough to look like a file of some use '.repeat(50));

    expect(() => read(path)).toThrow(`cannot read the store ${path}: file is not a database`);
  });

  it('because it is a folder', () => {
    const path = temporaryFolder();

    expect(() => read(path)).toThrow(`cannot read the store ${path}: `);
  });

  it('because it is damaged inside', async () => {
    const path = pathOf();
    const store = createSqliteStore({ path, log: silent, nowMs: SINCE });
    await start(store);
    await sync(
      store,
      Array.from({ length: 500 }, (_, number) => recovered(`Q${number}`, 20)),
    );
    store.close();
    const bytes = readFileSync(path);
    // The pages that incidents take are many; the tables that are read first stand before them.
    bytes.fill(0x5a, Math.floor(bytes.length / 2));
    writeFileSync(path, bytes);

    const reading = async () => seen(read(path));

    await expect(reading()).rejects.toThrow(`cannot read the store ${path}: database disk image is malformed`);
  });

  it('because a newer exporter wrote it', async () => {
    const path = pathOf();
    await written(path);
    setVersion(path, SCHEMA_VERSION + 1);

    expect(() => read(path)).toThrow(
      `the store ${path} was written by a newer mttr-exporter (store version ${SCHEMA_VERSION + 1}; this program knows up to ${SCHEMA_VERSION})`,
    );
  });

  it('because it is older, with what to do', () => {
    const path = pathOf();
    setVersion(path, 0);

    expect(() => read(path)).toThrow(
      `cannot read the store ${path}: it is of version 0; start the exporter once, which brings it to ${SCHEMA_VERSION}`,
    );
  });
});

function setVersion(path: string, version: number): void {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA user_version = ${version}`);
  database.close();
}

/** Everything in the store. */
function dump(path: string): Record<string, unknown[]> {
  const database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const rows = tables.map(
    ({ name }) => [String(name), database.prepare(`SELECT * FROM "${String(name)}"`).all()] as const,
  );
  database.close();
  return Object.fromEntries(rows);
}
