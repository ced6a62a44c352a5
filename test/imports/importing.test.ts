import { describe, expect, it } from 'vitest';
import { createLabelMapper } from '../../src/config/label-mapper.ts';
import { builtinMappings } from '../../src/imports/builtin-mappings.ts';
import type { Row } from '../../src/imports/file-format.ts';
import { createImportStats, importRows, type RejectedRow } from '../../src/imports/importing.ts';
import type { Mapping } from '../../src/imports/mapping.ts';
import { parseMapping } from '../../src/imports/mapping-file.ts';
import { createImportStage } from '../../src/imports/stage.ts';
import type { Incident } from '../../src/model/incident.ts';
import { providerConfig, severities } from '../settings.ts';

const NOW_MS = Date.parse('2026-11-01T00:00:00Z');
const RETENTION_START_MS = Date.parse('2025-11-01T00:00:00Z');
const ownMapping: Mapping = builtinMappings.get('mttr-exporter') ?? { name: '', fields: new Map() };

/** Imports records into a store that is a map; gives what became of them. */
async function importAll(
  records: readonly unknown[],
  stored: ReadonlyMap<string, Incident> = new Map(),
  mapping: Mapping = ownMapping,
) {
  const rejected: RejectedRow[] = [];
  const filter = { ...providerConfig().filter, services: [], excludeTitles: [/^\[TEST\]/] };
  const stats = createImportStats(createLabelMapper(providerConfig({ filter }), severities), RETENTION_START_MS);
  const lookup = (ids: readonly string[]) => new Map([...stored].filter(([id]) => ids.includes(id)));
  const target = createImportStage({ incidents: lookup });
  await importRows({
    rows: rowsOf(records),
    context: { mapping, zone: 'UTC', tags: { service: 'service', severity: undefined } },
    target,
    nowMs: NOW_MS,
    stats,
    onRejected: (row) => rejected.push(row),
  });
  for (const imported of target.imported()) stats.addIncident(imported);
  const added = [...target.batches()].flat();
  target.close();
  const incidents = new Map([...stored, ...added.map((one) => [one.id, one] as const)]);
  return { incidents, rejected, summary: stats.summary() };
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
    ['is unchanged when it is imported again', {}, 'unchanged'],
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
  ] as const)('%s', async (_says, change, outcome) => {
    const { incidents: stored } = await importAll([record()]);

    const { summary, incidents } = await importAll([record(change)], stored);

    expect(summary.outcomes).toEqual({ new: 0, changed: 0, unchanged: 0, older: 0, [outcome]: 1 });
    expect(incidents.get('A') === stored.get('A')).toBe(outcome !== 'changed');
  });
});

describe('what a poll has told', () => {
  it.each([
    ['stays against a row without a stamp of its last change', { title: 'x' }, 'older'],
    ['stays against a row of the same time', { title: 'x', updatedAt: '2026-10-01T10:00:00Z' }, 'older'],
    ['is changed by a row that is newer', { title: 'x', updatedAt: '2026-10-01T10:00:01Z' }, 'changed'],
  ] as const)('%s', async (_says, change, outcome) => {
    const { incidents } = await importAll([record()]);
    const stored = new Map([...incidents].map(([id, told]) => [id, { ...told, imported: undefined }]));

    const { summary } = await importAll([record(change)], stored);

    expect(summary.outcomes[outcome]).toBe(1);
  });
});

describe('rows of one id', () => {
  const rows = [record(), record(), record({ title: 'corrected' }), record({ id: 'B' })];

  it('are one incident, and the last row counts', async () => {
    const { incidents, summary } = await importAll(rows);

    expect(summary.outcomes).toEqual({ new: 2, changed: 0, unchanged: 0, older: 0 });
    expect(summary.repeated).toBe(2);
    expect([...incidents.values()].map(({ title }) => title)).toEqual(['corrected', '']);
  });

  it('are recognised however far apart they are', async () => {
    const many = [...rows, ...Array.from({ length: 1200 }, (_, at) => record({ id: `C${at % 700}` })), ...rows];

    const { incidents, summary } = await importAll(many);

    expect(summary.outcomes).toEqual({ new: 702, changed: 0, unchanged: 0, older: 0 });
    expect(summary.repeated).toBe(506);
    expect(incidents.size).toBe(702);
  });

  it('never change a polled incident, however they differ from each other', async () => {
    const { incidents } = await importAll([record()]);
    const polled = new Map([...incidents].map(([id, told]) => [id, { ...told, imported: undefined }]));

    const { incidents: after, summary } = await importAll([record({ title: 'x' }), record({ title: 'y' })], polled);

    expect(summary.outcomes).toEqual({ new: 0, changed: 0, unchanged: 0, older: 1 });
    expect(after).toEqual(polled);
  });

  it('keep the newest by their own time of change', async () => {
    const newer = record({ title: 'newer', updatedAt: '2026-10-03T00:00:00Z' });
    const older = record({ title: 'older', updatedAt: '2026-10-02T00:00:00Z' });

    const { incidents, summary } = await importAll([newer, older]);

    expect(summary.outcomes).toEqual({ new: 1, changed: 0, unchanged: 0, older: 0 });
    expect(incidents.get('A')?.title).toBe('newer');
  });
});

describe('rows that the mapping leaves out', () => {
  it.each([
    ['where: { type: incident }', ['1', '2']],
    ['where: { type: [INCIDENT, maintenance] }', ['1', '2', '3']],
    ['skip: { type: maintenance, title: "/^test/" }', ['1', '4']],
    ['where: { type: incident }\nskip: { title: "/^test/" }', ['1']],
  ])('are counted and not imported (%s)', async (text, ids) => {
    const mapping = parseMapping(`extends: mttr-exporter\nfields: {}\n${text}`, 'own.yml');

    const { incidents, summary } = await importAll(
      [
        record({ id: '1', type: 'incident', title: 'down' }),
        record({ id: '2', type: 'Incident', title: 'TEST' }),
        record({ id: '3', type: 'maintenance' }),
        record({ id: '4' }),
      ],
      new Map(),
      mapping,
    );

    expect([...incidents.keys()]).toEqual(ids);
    expect(summary).toMatchObject({ skipped: 4 - ids.length, outcomes: { new: ids.length } });
  });
});

describe('the summary', () => {
  it('counts services, unmapped severities, filtered incidents and those beyond the retention', async () => {
    const { summary } = await importAll([
      record({ id: '1', triggeredAt: '2025-01-01T00:00:00Z', resolvedAt: '2025-01-01T01:00:00Z', severity: 'Highest' }),
      record({ id: '2', resolvedAt: null, severity: 'Highest' }),
      record({ id: '3', service: 'search', severity: null }),
      record({
        id: '4',
        title: '[TEST] x',
        startedAt: '2026-10-01T09:30:00Z',
        acknowledgedAt: '2026-10-01T08:00:00Z',
      }),
    ]);

    expect(summary).toEqual({
      outcomes: { new: 4, changed: 0, unchanged: 0, older: 0 },
      repeated: 0,
      rejected: new Map(),
      skipped: 0,
      droppedTimestamps: new Map([
        ['startedAtMs', 1],
        ['acknowledgedAtMs', 1],
      ]),
      services: 2,
      unmapped: new Map([
        ['Highest', 2],
        ['', 1],
      ]),
      excluded: 1,
      beyondRetention: 1,
      open: 1,
      oldestTriggerMs: Date.parse('2025-01-01T00:00:00Z'),
      newestTimestampMs: Date.parse('2026-10-01T10:00:00Z'),
    });
  });

  it('has the rejected rows with what the mapping reads, and no person', async () => {
    const { summary, rejected } = await importAll([
      record({ triggeredAt: 'soon', reporter: 'Ada Byron' }),
      record({ id: '' }),
    ]);

    expect(summary.rejected).toEqual(
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
