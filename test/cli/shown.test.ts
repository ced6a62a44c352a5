import { expect, it } from 'vitest';
import { createShownRows } from '../../src/cli/shown.ts';
import type { ShownProvider } from '../../src/metrics/family.ts';
import type { OpenRow, Row } from '../../src/stats/rows.ts';

function row(value: number): Row {
  return {
    grouping: 'all',
    labels: [],
    statistics: new Set(['mttr']),
    values: [Float64Array.of(value)],
    versions: Uint32Array.of(1),
  };
}

function change({ values, versions }: Row, value: number): void {
  values[0]?.fill(value);
  versions[0] = (versions[0] ?? 0) + 1;
}

function open(provider: string, isOverall: boolean, counts: readonly number[]) {
  const labels = { provider, service: 'checkout', severity: 'P1', team: '' };
  const openRow: OpenRow = { ...labels, open: counts, oldestAtMs: undefined, lastResolvedAtMs: undefined, version: 0 };
  const shown: ShownProvider = {
    name: provider,
    isOverall,
    statuses: [],
    stamps: { acknowledgement: false, detection: false, identification: false, mitigation: false },
    tellsEscalations: false,
    tellsReopens: false,
  };
  return { row: openRow, provider: shown };
}

it('what is shown stands still while statistics go on, until it is replaced', async () => {
  const live = row(10);
  const rowsOf = createShownRows();
  const before = await rowsOf({ rows: [live], openRows: [] });

  change(live, 20);
  const after = await rowsOf({ rows: [live], openRows: [] });

  expect([before, after].map(({ rows }) => rows[0]?.values[0]?.[0])).toEqual([10, 20]);
});

it('a row that did not change is not copied again', async () => {
  const rows = [row(10), row(20)];
  const rowsOf = createShownRows();
  const before = await rowsOf({ rows, openRows: [] });

  for (const one of rows.slice(1)) change(one, 30);
  const after = await rowsOf({ rows, openRows: [] });

  expect(rows.map((_, at) => before.rows[at] === after.rows[at])).toEqual([true, false]);
});

it('what is open is added up over statuses and providers, without those that are kept apart', async () => {
  const openRows = [
    open('pagerduty', true, [2, 1, 0, 0, 0]),
    open('opsgenie', true, [1, 0, 0, 0, 0]),
    open('aws', false, [9, 0, 0, 0, 0]),
  ];

  const { openNow } = await createShownRows()({ rows: [], openRows });

  expect(openNow.service.get('checkout')).toBe(4);
  expect(openNow.severity.get('P1')).toBe(4);
});
