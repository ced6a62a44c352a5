import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { platforms } from '../../src/providers/registry.ts';
import { type StatisticsQuery, type StatisticsRow, selectStatistics } from '../../src/report/window-statistics.ts';
import { StatisticsResponse } from '../../src/server/api/schemas.ts';
import { type Row, STATISTICS, type Statistic } from '../../src/stats/rows.ts';

const text = 'providers: [{ type: pagerduty, api_key: k }]\nwindows: [7d, 30d]';
const { config } = loadConfig({ text, filename: 'c', env: {}, platforms, readFile: () => '', nowMs: 0 });

/** A row with these values in its first window, and nothing in its second. */
function row(grouping: Row['grouping'], labels: Row['labels'], values: Partial<Record<Statistic, number>>): Row {
  const first = Float64Array.from(STATISTICS, (statistic) => values[statistic] ?? Number.NaN);
  const none = new Float64Array(STATISTICS.length).fill(Number.NaN);
  return { grouping, labels, statistics: new Set(STATISTICS), values: [first, none], versions: new Uint32Array() };
}

const ROWS = [
  row('all', [], { mttr: 59.9, resolved: 2, opened: 0 }),
  row('service', [['service', 'checkout']], { mttr: 60, p95: 61.5, free: 0.5 }),
];
const windowEnds = new Map([['pagerduty', Date.parse('2026-06-01T12:00:00Z')]]);
const SHOWN = { config, rows: ROWS, windowEnds };

function select(query: StatisticsQuery): readonly StatisticsRow[] {
  const selected = selectStatistics(SHOWN, query);
  if ('errors' in selected) throw new Error(JSON.stringify(selected.errors));
  return selected.rows;
}

it('statistics have a row for each group and window, with what is known', () => {
  const rows = select({});

  expect(rows).toEqual([
    { by: 'all', window: '7d', window_seconds: 604_800, mttr_minutes: 59.9, resolved: 2, opened: 0, level: 'elite' },
    { by: 'all', window: '30d', window_seconds: 2_592_000 },
    {
      by: 'service',
      window: '7d',
      window_seconds: 604_800,
      service: 'checkout',
      mttr_minutes: 60,
      recovery_p95_minutes: 61.5,
      free_ratio: 0.5,
      level: 'high',
    },
    { by: 'service', window: '30d', window_seconds: 2_592_000, service: 'checkout' },
  ]);
});

it('statistics say where the windows of each provider end', () => {
  const selected = selectStatistics(SHOWN, { by: 'all' });

  expect(selected).toMatchObject({ providers: [{ name: 'pagerduty', window_to: '2026-06-01T12:00:00.000Z' }] });
});

it('statistics have a documented field for every number', () => {
  const values = Object.fromEntries(STATISTICS.map((statistic) => [statistic, 1]));

  const selected = selectStatistics({ config, rows: [row('all', [], values)], windowEnds }, { window: '7d' });

  expect(StatisticsResponse.safeParse(selected).error).toBeUndefined();
});

it.each([
  { question: { by: 'all' as const, window: '7d' }, found: ['all 7d'] },
  { question: { service: 'checkout' }, found: ['service 7d', 'service 30d'] },
  { question: { severity: 'P1' }, found: [] },
])('statistics can be asked for by $question', ({ question, found }) => {
  const rows = select(question);

  expect(rows.map(({ by, window }) => `${by} ${window}`)).toEqual(found);
});

it.each([
  { question: { window: '31d' }, says: 'window is not configured; expected one of 7d, 30d' },
  { question: { by: 'team' as const }, says: 'by is not configured; expected one of all severity service' },
  { question: { service: 'chekout' }, says: 'service "chekout" is unknown; did you mean "checkout"?' },
])('says what is wrong with statistics for $question', ({ question, says }) => {
  const selected = selectStatistics(SHOWN, question);

  const errors = 'errors' in selected ? selected.errors : [];
  expect(errors.map(({ name, reason }) => `${name} ${reason}`)).toEqual([expect.stringContaining(says)]);
});
