import { describe, expect, it } from 'vitest';
import { createReader } from '../../src/config/label-mapper.ts';
import { importRows, type RejectedRow } from '../../src/imports/importing.ts';
import { namedMappings } from '../../src/imports/named.ts';
import type { Row } from '../../src/imports/rows.ts';
import { createImportStage } from '../../src/imports/stage.ts';
import { createTallying } from '../../src/imports/tally.ts';
import type { Incident } from '../../src/model/incident.ts';
import { providerConfig, severities } from '../settings.ts';

const NOW_MS = Date.parse('2026-11-01T00:00:00Z');
const RETENTION_START_MS = Date.parse('2025-11-01T00:00:00Z');
const mapping = namedMappings.get('mttr-exporter') ?? { name: '', fields: new Map() };

/** Imports records into a store that is a map; gives what became of them. */
async function importAll(records: readonly unknown[], stored: ReadonlyMap<string, Incident> = new Map()) {
  const rejected: RejectedRow[] = [];
  const filter = { ...providerConfig().filter, services: [], excludeTitles: [/^\[TEST\]/] };
  const tallying = createTallying({
    reader: createReader(providerConfig({ filter }), severities),
    retentionStartMs: RETENTION_START_MS,
  });
  const lookup = (ids: readonly string[]) => new Map([...stored].filter(([id]) => ids.includes(id)));
  const target = createImportStage({ incidents: lookup });
  await importRows({
    rows: rowsOf(records),
    around: { mapping, zone: 'UTC', tags: { service: 'service', severity: undefined } },
    target,
    nowMs: NOW_MS,
    tallying,
    onRejected: (row) => rejected.push(row),
  });
  const added = [...target.parts()].flat();
  target.close();
  const incidents = new Map([...stored, ...added.map((one) => [one.id, one] as const)]);
  return { incidents, rejected, tally: tallying.tally() };
}

async function* rowsOf(records: readonly unknown[]): AsyncGenerator<Row> {
  for (const [at, record] of records.entries()) yield { line: at + 1, record };
}

function record(change: Record<string, unknown> = {}) {
  return {
    id: 'A',
    service: 'shop',
    severity: 'P1',
    triggeredAt: '2026-10-01T09:00:00Z',
    resolvedAt: '2026-10-01T10:00:00Z',
    ...change,
  };
}

describe('what was imported before', () => {
  it.each([
    ['is unchanged when it is told again', {}, 'unchanged'],
    [
      'is changed by a corrected row, even where that makes it end earlier',
      { resolvedAt: '2026-10-01T09:30:00Z' },
      'changed',
    ],
    ['is changed by a row that says of itself that it is newer', { updatedAt: '2026-10-02T00:00:00Z' }, 'changed'],
    [
      'stays against a row that says of itself that it is older',
      { updatedAt: '2026-10-01T09:59:00Z', title: 'x' },
      'older',
    ],
  ] as const)('%s', async (_says, change, fate) => {
    const { incidents: stored } = await importAll([record()]);

    const { tally, incidents } = await importAll([record(change)], stored);

    expect(tally.fates).toEqual({ new: 0, changed: 0, unchanged: 0, older: 0, [fate]: 1 });
    expect(incidents.get('A') === stored.get('A')).toBe(fate !== 'changed');
  });
});

describe('what a poll has told', () => {
  it.each([
    ['stays against a row without a stamp of its last change', { title: 'x' }, 'older'],
    ['stays against a row of the same time', { title: 'x', updatedAt: '2026-10-01T10:00:00Z' }, 'older'],
    ['is changed by a row that is newer', { title: 'x', updatedAt: '2026-10-01T10:00:01Z' }, 'changed'],
  ] as const)('%s', async (_says, change, fate) => {
    const { incidents } = await importAll([record()]);
    const stored = new Map([...incidents].map(([id, told]) => [id, { ...told, imported: undefined }]));

    const { tally } = await importAll([record(change)], stored);

    expect(tally.fates[fate]).toBe(1);
  });
});

describe('rows of one id', () => {
  const rows = [record(), record(), record({ title: 'corrected' }), record({ id: 'B' })];

  it('are one incident, and the last of them counts', async () => {
    const { incidents, tally } = await importAll(rows);

    expect(tally.fates).toEqual({ new: 2, changed: 1, unchanged: 1, older: 0 });
    expect([...incidents.values()].map(({ title }) => title)).toEqual(['corrected', '']);
  });

  it('are recognised also when they are far from each other', async () => {
    const many = [...rows, ...Array.from({ length: 1200 }, (_, at) => record({ id: `C${at % 700}` })), ...rows];

    const { incidents, tally } = await importAll(many);

    expect(tally.fates).toEqual({ new: 702, changed: 3, unchanged: 503, older: 0 });
    expect(incidents.size).toBe(702);
  });

  it('change nothing of what a poll has told, however they differ from each other', async () => {
    const { incidents } = await importAll([record()]);
    const polled = new Map([...incidents].map(([id, told]) => [id, { ...told, imported: undefined }]));

    const { incidents: after, tally } = await importAll([record({ title: 'x' }), record({ title: 'y' })], polled);

    expect(tally.fates).toEqual({ new: 0, changed: 0, unchanged: 0, older: 2 });
    expect(after).toEqual(polled);
  });

  it('do not go back to one that says of itself that it is older', async () => {
    const newer = record({ title: 'newer', updatedAt: '2026-10-03T00:00:00Z' });
    const older = record({ title: 'older', updatedAt: '2026-10-02T00:00:00Z' });

    const { incidents, tally } = await importAll([newer, older]);

    expect(tally.fates).toEqual({ new: 1, changed: 0, unchanged: 0, older: 1 });
    expect(incidents.get('A')?.title).toBe('newer');
  });
});

describe('the tally', () => {
  it('tells of times, services, severities that are not mapped, filters and what the retention deletes', async () => {
    const { tally } = await importAll([
      record({ id: '1', triggeredAt: '2025-01-01T00:00:00Z', resolvedAt: '2025-01-01T01:00:00Z', severity: 'Highest' }),
      record({ id: '2', resolvedAt: null, severity: 'Highest' }),
      record({ id: '3', service: 'search', severity: null }),
      record({ id: '4', title: '[TEST] x' }),
    ]);

    expect(tally).toEqual({
      fates: { new: 4, changed: 0, unchanged: 0, older: 0 },
      rejected: new Map(),
      services: 2,
      unmapped: new Map([
        ['Highest', 2],
        ['', 1],
      ]),
      excluded: 1,
      forgotten: 1,
      open: 1,
      oldestTriggerMs: Date.parse('2025-01-01T00:00:00Z'),
      newestStampMs: Date.parse('2026-10-01T10:00:00Z'),
    });
  });

  it('and the rejected rows have what the mapping reads, and no person', async () => {
    const { tally, rejected } = await importAll([
      record({ triggeredAt: 'soon', reporter: 'Ada Byron' }),
      record({ id: '' }),
    ]);

    expect(tally.rejected).toEqual(
      new Map([
        ['malformed', 1],
        ['missing_id', 1],
      ]),
    );
    expect(rejected.map(({ line, reason }) => ({ line, reason }))).toEqual([
      { line: 1, reason: 'malformed' },
      { line: 2, reason: 'missing_id' },
    ]);
    expect(rejected[0]?.record).toEqual(record({ triggeredAt: 'soon' }));
  });
});
