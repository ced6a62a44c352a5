import { expect, it } from 'vitest';
import type { IncidentSummary } from '../../src/model/stored.ts';
import { Columns } from '../../src/stats/columns.ts';

const READING = {
  settings: {
    windows: [],
    groupings: [],
    severities: [],
    detail: 'standard' as const,
    team: false,
    minimumSample: 1,
    reopened: 'last' as const,
  },
  labels: () => undefined,
  labelMapper: () => undefined,
};

function incident(row: number): IncidentSummary {
  return {
    row,
    dimensionsRow: row % 7,
    flags: 0,
    status: 4,
    triggeredAtMs: row * 10,
    startedAtMs: row % 3 === 0 ? row * 10 - 1 : undefined,
    identifiedAtMs: undefined,
    acknowledgedAtMs: row * 10 + 1,
    mitigatedAtMs: undefined,
    resolvedAtMs: row * 10 + 5,
    fingerprint: row,
    spans: row % 5 === 0 ? [row * 10, row * 10 + 2, row * 10 + 3, row * 10 + 5] : undefined,
    title: undefined,
  };
}

/** Columns with incidents in rows from 1 on. */
function filled(count: number): Columns {
  const columns = new Columns();
  for (let row = 1; row <= count; row += 1) columns.write(columns.append(row), incident(row), READING);
  return columns;
}

function vacate(columns: Columns, rows: readonly number[]): void {
  for (const row of rows) columns.vacate(columns.slotOf(row));
}

/** What a row says, wherever it is. */
function contentOf(columns: Columns, row: number) {
  const slot = columns.slotOf(row);
  const { started, spans } = columns;
  const { dimensionsRows, triggered, resolved, acknowledged, fingerprints } = columns.values;
  return {
    slot,
    numbers: [dimensionsRows, triggered, resolved, acknowledged, fingerprints].map((column) => column[slot]),
    started: started.get(slot),
    spans: spans.get(slot),
  };
}

const rowsUpTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

it('slots of incidents that left are used again once a quarter of them is vacant', () => {
  const columns = filled(8000);
  const left = rowsUpTo(8000).filter((row) => row % 4 === 0);
  const stays = rowsUpTo(8000).filter((row) => row % 4 !== 0);
  vacate(columns, left.slice(1));
  const tooEarly = columns.compact();
  vacate(columns, left.slice(0, 1));

  const hasMoved = columns.compact();

  expect([tooEarly, hasMoved]).toEqual([false, true]);
  expect(columns.length).toBe(6000);
  expect(left.map((row) => columns.slotOf(row))).toEqual(left.map(() => -1));
  const untouched = filled(8000);
  for (const [slot, row] of stays.entries()) {
    expect(contentOf(columns, row)).toEqual({ ...contentOf(untouched, row), slot });
  }
  expect([columns.started.size, columns.spans.size]).toEqual([
    stays.filter((row) => row % 3 === 0).length,
    stays.filter((row) => row % 5 === 0).length,
  ]);
});

it('after a compaction new incidents are appended behind those that moved', () => {
  const columns = filled(4000);
  vacate(columns, rowsUpTo(3999));
  columns.compact();

  columns.write(columns.append(4001), incident(4001), READING);

  expect([columns.length, columns.slotOf(4000), columns.slotOf(4001), columns.slotOf(1)]).toEqual([2, 0, 1, -1]);
  expect(columns.values.triggered[1]).toBe(40_010);
});

it('memory does not grow however many incidents come and go', () => {
  const columns = new Columns();
  let largest = 0;

  for (let row = 1; row <= 200_000; row += 1) {
    columns.write(columns.append(row), incident(row), READING);
    if (row > 2000) columns.vacate(columns.slotOf(row - 2000));
    columns.compact();
    largest = Math.max(largest, columns.values.rows.length);
  }

  expect(largest).toBeLessThanOrEqual(8192);
  expect([columns.started.size, columns.spans.size].every((size) => size <= 2000)).toBe(true);
});

it('a few vacant slots move nothing', () => {
  const columns = filled(4000);
  vacate(columns, rowsUpTo(999));

  expect(columns.compact()).toBe(false);
  expect([columns.length, columns.slotOf(999), columns.slotOf(1000)]).toEqual([4000, -1, 999]);
});
