import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../src/metrics/exposition.ts';
import { families } from '../../src/metrics/families.ts';
import type { PageSource } from '../../src/metrics/family.ts';
import type { Statistic } from '../../src/stats/rows.ts';
import {
  CREATED_AT_MS,
  openRow,
  provider,
  providerState,
  rendered,
  row,
  SETTINGS,
  samplesOf,
  set,
  shown,
  source,
} from './page-source.ts';

interface Case {
  readonly name: string;
  readonly given: Partial<PageSource>;
  readonly text: readonly string[];
  /** Where it differs. */
  readonly openmetrics?: readonly string[];
}

const BASE = 'provider="pd",service="checkout",severity="P1"';
const WIDE = 'provider="pd",severity="P1"';
const SETS = { sets: [shown(set()), shown(set({ kind: 'severity' }))] };

function histogramCase(name: string, labels: string, { counts, sum }: { counts: number[]; sum: number }): Case {
  const total = counts.at(-1) ?? 0;
  const buckets = (bounds: readonly string[]) =>
    bounds.map((le, at) => `${name}_bucket{${labels},le="${le}"} ${counts[at] ?? 0}`);
  const rest = [`${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${total}`];
  return {
    name,
    given: SETS,
    text: [...buckets(['0.5', '60', '+Inf']), ...rest],
    openmetrics: [...buckets(['0.5', '60.0', '+Inf']), ...rest, `${name}_created{${labels}} ${CREATED_AT_MS / 1000}`],
  };
}

const cumulative: readonly Case[] = [
  histogramCase('incident_recovery_time_minutes', BASE, { counts: [1, 2, 4], sum: 131.5 }),
  histogramCase('incident_acknowledgement_time_minutes', WIDE, { counts: [0, 1, 1], sum: 1 }),
  histogramCase('incident_detection_time_minutes', WIDE, { counts: [0, 1, 1], sum: 2 }),
  histogramCase('incident_identification_time_minutes', WIDE, { counts: [0, 1, 1], sum: 3 }),
  histogramCase('incident_mitigation_time_minutes', WIDE, { counts: [0, 1, 1], sum: 4 }),
  { name: 'incident_opened_total', given: SETS, text: [`incident_opened_total{${BASE}} 9`] },
  { name: 'incident_within_target_total', given: SETS, text: [`incident_within_target_total{${BASE}} 3`] },
  { name: 'incident_escalations_total', given: SETS, text: [`incident_escalations_total{${WIDE}} 5`] },
  { name: 'incident_reopened_total', given: SETS, text: [`incident_reopened_total{${WIDE}} 6`] },
  {
    name: 'incident_unacknowledged_total',
    given: SETS,
    text: [
      `incident_unacknowledged_total{${WIDE},auto="false"} 7`,
      `incident_unacknowledged_total{${WIDE},auto="true"} 8`,
    ],
  },
];

const GAUGES: readonly (readonly [name: string, statistic: Statistic])[] = [
  ['incident_mttr_minutes', 'mttr'],
  ['incident_mtta_minutes', 'mtta'],
  ['incident_mttd_minutes', 'mttd'],
  ['incident_mtti_minutes', 'mtti'],
  ['incident_mttm_minutes', 'mttm'],
  ['incident_mtbf_minutes', 'mtbf'],
  ['incident_recovery_min_minutes', 'min'],
  ['incident_recovery_max_minutes', 'max'],
  ['incident_recovery_stddev_minutes', 'stddev'],
  ['incident_window_opened', 'opened'],
  ['incident_window_resolved', 'resolved'],
  ['incident_mttr_baseline_minutes', 'baseline'],
  ['incident_baseline_resolved', 'baselineResolved'],
  ['incident_within_target_ratio', 'withinTarget'],
  ['incident_escalated_ratio', 'escalated'],
  ['incident_reopened_ratio', 'reopened'],
  ['incident_repeat_ratio', 'repeat'],
  ['incident_free_ratio', 'free'],
  ['incident_availability_ratio', 'availability'],
  ['incident_error_budget_minutes', 'errorBudget'],
  ['incident_mttr_business_minutes', 'businessMttr'],
];

const severityRow = (values: Partial<Record<Statistic, number>>) => ({
  rows: [row(values, { grouping: 'severity', labels: [['severity', 'P1']] })],
});
const ROW = 'by="severity",window="30d",severity="P1"';

const windowed: readonly Case[] = [
  ...GAUGES.map(([name, statistic], at) => ({
    name,
    given: severityRow({ [statistic]: at + 0.25 }),
    text: [`${name}{${ROW}} ${at + 0.25}`],
  })),
  {
    name: 'incident_recovery_quantile_minutes',
    given: severityRow({ p50: 1, p75: 2, p90: 3, p95: 4, p99: 5 }),
    text: ['0.5', '0.75', '0.9', '0.95', '0.99'].map(
      (quantile, at) => `incident_recovery_quantile_minutes{${ROW},quantile="${quantile}"} ${at + 1}`,
    ),
  },
  {
    name: 'incident_stage_within_target_ratio',
    given: severityRow({ detectionWithinTarget: 0.5, mitigationWithinTarget: 1 }),
    text: [
      `incident_stage_within_target_ratio{${ROW},stage="detection"} 0.5`,
      `incident_stage_within_target_ratio{${ROW},stage="mitigation"} 1`,
    ],
  },
  {
    name: 'incident_performance_level',
    given: severityRow({ mttr: 60 }),
    text: ['elite', 'high', 'medium', 'low'].map(
      (level) => `incident_performance_level{${ROW},level="${level}"} ${level === 'high' ? 1 : 0}`,
    ),
  },
];

const STATE = providerState({
  isSynced: true,
  polledUntilMs: 1_790_000_000_500,
  countingSinceMs: 1_780_000_000_000,
  historyStartMs: 1_770_000_000_000,
});
const COUNTERS = [
  { provider: 'pd', name: 'revisions', label: 'reopened', value: 2 },
  { provider: 'pd', name: 'rejected', label: 'future', value: 3 },
  { provider: 'pd', name: 'unmapped', label: 'missing', value: 4 },
] as const;
const REASONS = ['malformed', 'missing_id', 'negative_duration', 'future', 'start_unknown', 'end_unknown', 'forbidden'];

const state: readonly Case[] = [
  {
    name: 'incident_revisions_total',
    given: { providers: [STATE], counters: COUNTERS },
    text: ['incident_revisions_total{provider="pd",change="reopened"} 2'],
  },
  {
    name: 'incident_open',
    given: { openRows: [openRow()] },
    text: [`incident_open{${BASE},status="triggered"} 2`, `incident_open{${BASE},status="acknowledged"} 1`],
  },
  {
    name: 'incident_open_oldest_timestamp_seconds',
    given: { openRows: [openRow({ oldestAtMs: 1_790_000_000_250 })] },
    text: [`incident_open_oldest_timestamp_seconds{${BASE}} 1790000000.25`],
  },
  {
    name: 'incident_last_resolved_timestamp_seconds',
    given: { openRows: [openRow({ lastResolvedAtMs: 1_790_000_000_000 })] },
    text: [`incident_last_resolved_timestamp_seconds{${BASE}} 1790000000`],
  },
  {
    name: 'incident_target_minutes',
    given: {},
    text: [
      'incident_target_minutes{severity="P1"} 30',
      'incident_target_minutes{severity="P2"} 120',
      'incident_target_minutes{severity="P3"} 480',
      'incident_target_minutes{severity="P4"} 1440',
    ],
  },
  { name: 'incident_acknowledgement_target_minutes', given: {}, text: [] },
  { name: 'incident_stage_target_minutes', given: {}, text: [] },
  {
    name: 'incident_severity_rank',
    given: {},
    text: ['P1', 'P2', 'P3', 'P4', 'P5'].map(
      (severity, rank) => `incident_severity_rank{severity="${severity}"} ${rank}`,
    ),
  },
  { name: 'incident_availability_objective_ratio', given: {}, text: [] },
  {
    name: 'incident_target_objective_ratio',
    given: {},
    text: ['P1', 'P2', 'P3', 'P4'].map((severity) => `incident_target_objective_ratio{severity="${severity}"} 0.9`),
  },
  {
    name: 'mttr_exporter_provider_synced',
    given: { providers: [STATE] },
    text: ['mttr_exporter_provider_synced{provider="pd"} 1'],
  },
  {
    name: 'mttr_exporter_provider_overall',
    given: { providers: [{ ...STATE, provider: provider({ isOverall: false }) }] },
    text: ['mttr_exporter_provider_overall{provider="pd"} 0'],
  },
  {
    name: 'mttr_exporter_last_success_timestamp_seconds',
    given: { providers: [STATE] },
    text: ['mttr_exporter_last_success_timestamp_seconds{provider="pd"} 1790000000.5'],
  },
  {
    name: 'mttr_exporter_counting_since_timestamp_seconds',
    given: { providers: [STATE] },
    text: ['mttr_exporter_counting_since_timestamp_seconds{provider="pd"} 1780000000'],
  },
  {
    name: 'mttr_exporter_history_start_timestamp_seconds',
    given: { providers: [STATE] },
    text: ['mttr_exporter_history_start_timestamp_seconds{provider="pd"} 1770000000'],
  },
  {
    name: 'mttr_exporter_incidents',
    given: { providers: [{ ...STATE, counts: { open: 1, resolved: 2, excluded: 3 } }] },
    text: [
      'mttr_exporter_incidents{provider="pd",state="open"} 1',
      'mttr_exporter_incidents{provider="pd",state="resolved"} 2',
      'mttr_exporter_incidents{provider="pd",state="excluded"} 3',
    ],
  },
  {
    name: 'mttr_exporter_incidents_rejected_total',
    given: { providers: [STATE], counters: COUNTERS },
    text: REASONS.map(
      (reason) =>
        `mttr_exporter_incidents_rejected_total{provider="pd",reason="${reason}"} ${reason === 'future' ? 3 : 0}`,
    ),
  },
  {
    name: 'mttr_exporter_severity_unmapped_total',
    given: { providers: [STATE], counters: COUNTERS },
    text: [
      'mttr_exporter_severity_unmapped_total{provider="pd",reason="unknown"} 0',
      'mttr_exporter_severity_unmapped_total{provider="pd",reason="missing"} 4',
    ],
  },
  {
    name: 'mttr_exporter_clock_fallbacks_total',
    given: {
      providers: [STATE],
      counters: [...COUNTERS, { provider: 'pd', name: 'clock_fallbacks', label: '', value: 5 }],
    },
    text: ['mttr_exporter_clock_fallbacks_total{provider="pd"} 5'],
  },
  {
    name: 'mttr_exporter_deployments_unmapped_total',
    given: {
      providers: [STATE],
      counters: [
        ...COUNTERS,
        { provider: 'pd', name: 'unread_environments', label: 'qa', value: 5 },
        { provider: 'pd', name: 'unread_environments', label: 'review', value: 2 },
      ],
    },
    text: ['mttr_exporter_deployments_unmapped_total{provider="pd"} 7'],
  },
  {
    name: 'mttr_exporter_services_overflowed',
    given: { servicesOverflowed: 12 },
    text: ['mttr_exporter_services_overflowed 12'],
  },
  { name: 'mttr_exporter_store_bytes', given: {}, text: ['mttr_exporter_store_bytes 4096'] },
];

const cases = [...cumulative, ...windowed, ...state];

describe.each(FORMATS)('as %s', (format) => {
  it.each(cases)('$name is written as its lines', async (one) => {
    const text = await rendered(source(one.given), format);

    expect(samplesOf(text, one.name)).toEqual(format === 'openmetrics' ? (one.openmetrics ?? one.text) : one.text);
  });
});

it('every family is in the table above, but for those of deployments', () => {
  const others = families.map(({ name }) => name).filter((name) => !/^(?:dora|deployments?)_/.test(name));

  expect(cases.map(({ name }) => name).toSorted()).toEqual(others.toSorted());
});

describe('nothing rather than a false zero', () => {
  it('a page without providers holds no sample but the targets and the exporter itself', async () => {
    const text = await rendered(source(), 'text');

    const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(new Set(names.map((line) => line.split(/[{ ]/)[0]))).toEqual(
      new Set([
        'incident_severity_rank',
        'incident_target_minutes',
        'incident_target_objective_ratio',
        'mttr_exporter_services_overflowed',
        'mttr_exporter_store_bytes',
      ]),
    );
  });

  it('a family without a sample still has HELP and TYPE', async () => {
    const text = await rendered(source(), 'openmetrics');

    for (const { name, type } of families) {
      const title = type === 'counter' ? name.replace(/_total$/, '') : name;
      expect(text).toContain(`# TYPE ${title} ${type}\n`);
    }
  });

  it('a row without incidents has its counts and no mean, quantile, ratio or level', async () => {
    const text = await rendered(source({ rows: [row({ opened: 0, resolved: 0 })] }), 'text');

    const lines = text.split('\n').filter((line) => line.includes('by="all"'));
    expect(lines).toEqual([
      'incident_window_opened{by="all",window="30d"} 0',
      'incident_window_resolved{by="all",window="30d"} 0',
    ]);
  });

  it.each(FORMATS)('NaN is never written as %s', async (format) => {
    const text = await rendered(
      source({ ...SETS, rows: [row({})], openRows: [openRow()], providers: [STATE] }),
      format,
    );

    expect(text).not.toContain('NaN');
  });

  it('a held set shows zeros everywhere, and no exemplar', async () => {
    const exemplars = [{ incidentId: 'Q1', ms: 1000, resolvedAtMs: CREATED_AT_MS }];
    const held = [shown(set({ released: false }), { exemplars }), shown(set({ kind: 'severity', released: false }))];

    const text = await rendered(source({ sets: held }), 'openmetrics');

    const own = text.split('\n').filter((line) => line.includes('severity="P1"') && /^incident_(?!target)/.test(line));
    expect(own.length).toBeGreaterThan(20);
    expect(own.filter((line) => !line.includes('_created{') && !line.endsWith(' 0'))).toEqual([]);
  });

  it('a severity without a target has no within_target series', async () => {
    const text = await rendered(source({ sets: [shown(set({ labels: { severity: 'P5' } }))] }), 'text');

    expect(samplesOf(text, 'incident_within_target_total')).toEqual([]);
    expect(samplesOf(text, 'incident_opened_total')).toHaveLength(1);
  });

  it.each([
    {
      says: 'acknowledgements',
      change: { acknowledgement: false },
      absent: ['incident_acknowledgement_time_minutes', 'incident_unacknowledged_total'],
    },
    { says: 'begins of impact', change: { detection: false }, absent: ['incident_detection_time_minutes'] },
    { says: 'identifications', change: { identification: false }, absent: ['incident_identification_time_minutes'] },
    { says: 'mitigations', change: { mitigation: false }, absent: ['incident_mitigation_time_minutes'] },
  ])('a platform that tells of no $says has no series about them', async ({ change, absent }) => {
    const unreported = provider({ timings: { ...provider().timings, ...change } });

    const text = await rendered(source({ sets: [shown(set({ kind: 'severity' }), { provider: unreported })] }), 'text');

    const about = families
      .map(({ name }) => name)
      .filter((name) => /^incident_.*(_time_minutes$|unacknowledged)/.test(name));
    const empty = about.filter((name) => samplesOf(text, name).length === 0);
    // Recoveries are in sets of the other kind.
    expect(empty.toSorted()).toEqual([...absent, 'incident_recovery_time_minutes'].toSorted());
  });

  it('a platform that reports neither escalations nor reopenings has no counters of them', async () => {
    const unreported = provider({ hasEscalations: false, hasReopens: false });

    const text = await rendered(source({ sets: [shown(set({ kind: 'severity' }), { provider: unreported })] }), 'text');

    expect(samplesOf(text, 'incident_escalations_total')).toEqual([]);
    expect(samplesOf(text, 'incident_reopened_total')).toEqual([]);
  });

  it('a provider that has not polled yet has neither times nor counts of incidents', async () => {
    const text = await rendered(source({ providers: [providerState()] }), 'text');

    const own = text.split('\n').filter((line) => line.startsWith('mttr_exporter_') && line.includes('provider="pd"'));
    expect(own.filter((line) => !/rejected|unmapped|fallbacks/.test(line))).toEqual([
      'mttr_exporter_provider_synced{provider="pd"} 0',
      'mttr_exporter_provider_overall{provider="pd"} 1',
    ]);
  });
});

describe('the statistics of each grouping', () => {
  const all = Object.fromEntries(GAUGES.map(([, statistic]) => [statistic, 1]));
  const values = { ...all, p50: 1, p75: 1, p90: 1, p95: 1, p99: 1 };
  const familiesOf = (text: string) => new Set([...text.matchAll(/^(\w+)\{by=/gm)].map(([, name]) => name));
  const labels = [['service', 'checkout']] as const;

  it('services have few statistics, so that many of them fit', async () => {
    const text = await rendered(source({ rows: [row(values, { grouping: 'service', labels })] }), 'text');

    expect([...familiesOf(text)].map(String).toSorted()).toEqual([
      'incident_availability_ratio',
      'incident_baseline_resolved',
      'incident_error_budget_minutes',
      'incident_free_ratio',
      'incident_mtta_minutes',
      'incident_mttr_baseline_minutes',
      'incident_mttr_minutes',
      'incident_recovery_quantile_minutes',
      'incident_window_opened',
      'incident_window_resolved',
      'incident_within_target_ratio',
    ]);
    expect(text.match(/quantile="[^"]+"/g)).toEqual(['quantile="0.5"', 'quantile="0.95"']);
  });

  it('pairs of service and severity have the mean and its sample', async () => {
    const text = await rendered(source({ rows: [row(values, { grouping: 'service,severity', labels })] }), 'text');

    expect([...familiesOf(text)]).toEqual(['incident_mttr_minutes', 'incident_window_resolved']);
  });

  it('all groupings have every statistic with detail: full', async () => {
    const full = row(values, { grouping: 'service,severity', labels, detail: 'full' });

    const text = await rendered(source({ rows: [full] }), 'text');

    expect(familiesOf(text).size).toBe(GAUGES.length + 2);
  });
});

it.each([
  { minutes: 59.99, level: 'elite' },
  { minutes: 60, level: 'high' },
  { minutes: 24 * 60, level: 'medium' },
  { minutes: 7 * 24 * 60, level: 'low' },
])('a mean of $minutes minutes is of level $level', async ({ minutes, level }) => {
  const text = await rendered(source({ rows: [row({ mttr: minutes })] }), 'text');

  expect(samplesOf(text, 'incident_performance_level').filter((line) => line.endsWith(' 1'))).toEqual([
    `incident_performance_level{by="all",window="30d",level="${level}"} 1`,
  ]);
});

it('team stands beside service where sets and rows have one', async () => {
  const given = source({ sets: [shown(set({ labels: { team: 'core' } }))], openRows: [openRow({ team: 'core' })] });

  const text = await rendered(given, 'text');

  expect(samplesOf(text, 'incident_opened_total')).toEqual([`incident_opened_total{${BASE},team="core"} 9`]);
  expect(samplesOf(text, 'incident_open')[0]).toBe(`incident_open{${BASE},team="core",status="triggered"} 2`);
});

it('targets of the other stages and of availability are shown where they are configured', async () => {
  const severities = SETTINGS.severities.map((one) => ({
    ...one,
    stageTargetsMs: one.name === 'P1' ? { acknowledgement: 90_000, mitigation: 600_000 } : {},
  }));
  const availability = { severities: ['P1'], objective: 0.995 };

  const text = await rendered(source(), 'text', { ...SETTINGS, severities, availability });

  expect(samplesOf(text, 'incident_stage_target_minutes')).toEqual([
    'incident_stage_target_minutes{severity="P1",stage="acknowledgement"} 1.5',
    'incident_stage_target_minutes{severity="P1",stage="mitigation"} 10',
  ]);
  expect(samplesOf(text, 'incident_availability_objective_ratio')).toEqual([
    'incident_availability_objective_ratio 0.995',
  ]);

  expect(samplesOf(text, 'incident_acknowledgement_target_minutes')).toEqual([
    'incident_acknowledgement_target_minutes{severity="P1"} 1.5',
  ]);
});

it('every sample has only the labels that its family declares', async () => {
  const given = source({
    sets: [shown(set({ labels: { team: 'core' } })), shown(set({ kind: 'severity' }))],
    rows: [
      row(
        { mttr: 1, p50: 1 },
        {
          grouping: 'service,severity',
          labels: [
            ['service', 'a'],
            ['severity', 'P1'],
          ],
        },
      ),
      row({ mttr: 1, p50: 1 }, { grouping: 'team', labels: [['team', 'core']] }),
      row({ mttr: 1, p50: 1 }, { grouping: 'provider', labels: [['provider', 'pd']] }),
    ],
    openRows: [openRow({ team: 'core', oldestAtMs: 0, lastResolvedAtMs: 0 })],
    providers: [{ ...STATE, counts: { open: 1, resolved: 1, excluded: 1 } }],
    counters: COUNTERS,
  });

  const text = await rendered(given, 'text');

  for (const { name, labels } of families) {
    const used = samplesOf(text, name).flatMap((line) => [...line.matchAll(/[{,](\w+)="/g)].map(([, label]) => label));
    const known = [...labels, 'le'];
    expect({ name, unknown: used.filter((label) => !known.includes(label ?? '')) }).toEqual({ name, unknown: [] });
  }
});
