import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLabelMapper } from '../../src/config/label-mapper.ts';
import { GROUPINGS } from '../../src/config/types.ts';
import { FLAGS, type IncidentLabels, type IncidentSummary } from '../../src/model/stored.ts';
import { STATISTICS, type StatisticsSettings, statisticsOf } from '../../src/stats/rows.ts';
import { createStatistics, type Statistics } from '../../src/stats/statistics.ts';
import { severities as plainSeverities, providerConfig } from '../settings.ts';
import { keyOf, type OracleProvider, oracleRows } from './oracle.ts';
import { expectSameRows } from './same-rows.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 9, 1);

/** Of each severity; search has one of its own. */
function findTarget(service: string, severity: string): number | undefined {
  if (service === 'search' && severity === 'P3') return 90 * 60_000;
  return plainSeverities.find(({ name }) => name === severity)?.targetMs;
}

const LABELS: readonly IncidentLabels[] = ['a', 'b', 'c'].flatMap((provider) =>
  ['checkout', 'search'].flatMap((service) =>
    ['P1', 'P3', 'P5'].map((severity) => ({
      provider,
      service,
      severity,
      team: `${service} team`,
      excluded: false,
      targetMs: findTarget(service, severity),
    })),
  ),
);

/** Targets of all clocks, but for the severity that has none. */
const severities = plainSeverities.map((one) => ({
  ...one,
  stageTargetsMs:
    one.name === 'P5' ? {} : { detection: 60 * 60_000, acknowledgement: 45 * 60_000, identification: 90 * 60_000 },
}));

const BUSINESS_HOURS = {
  timezone: 'Europe/Berlin',
  days: [1, 2, 3, 4, 5],
  fromMinute: 9 * 60,
  toMinute: 17 * 60,
  holidays: ['2026-09-14'],
};

function settingsWith(change: Partial<StatisticsSettings> = {}): StatisticsSettings {
  return {
    windows: [
      { name: '7d', ms: 7 * DAY_MS },
      { name: '30d', ms: 30 * DAY_MS },
    ],
    groupings: GROUPINGS,
    severities,
    detail: 'full',
    team: false,
    minimumSample: 1,
    reopened: 'last',
    ...change,
  };
}

function open(settings: StatisticsSettings, labels = LABELS): Statistics {
  return createStatistics({
    settings,
    labels: (dimensionsRow) => labels[dimensionsRow],
    labelMapper: (name) => createLabelMapper(providerConfig({ name }), severities),
  });
}

function activeOf({ tells, ...provider }: OracleProvider) {
  return { ...provider, hasEscalations: tells, hasReopens: tells };
}

/** What the statistics say, in the oracle's words. */
async function said(
  statistics: Statistics,
  settings: StatisticsSettings,
): Promise<Map<string, Record<string, number>>> {
  statistics.refresh();
  const rows = new Map<string, Record<string, number>>();
  for (const row of statistics.rows()) {
    for (const [at, { name }] of settings.windows.entries()) {
      const values = STATISTICS.map((statistic, place) => [statistic, row.values[at]?.[place] ?? Number.NaN] as const);
      const present = values.filter(([, value]) => !Number.isNaN(value));
      rows.set(`${row.grouping}${JSON.stringify(row.labels)}@${name}`, Object.fromEntries(present));
    }
  }
  return rows;
}

const minutes = fc.integer({ min: 0, max: 70 * 1440 });
const stamp = fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined });

/** An incident with up to three open spans. */
const incident = fc
  .record({
    dimensionsRow: fc.nat({ max: LABELS.length - 1 }),
    triggeredAgo: minutes,
    steps: fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 0, maxLength: 5 }),
    acknowledged: stamp,
    started: stamp,
    mitigated: stamp,
    fingerprint: fc.nat({ max: 4 }),
    flags: fc.constantFrom(0, 0, 0, FLAGS.merged, FLAGS.deleted, FLAGS.expired, FLAGS.escalated, FLAGS.reopened),
  })
  .map(({ triggeredAgo, steps, acknowledged, started, mitigated, ...rest }): Omit<IncidentSummary, 'row'> => {
    const triggeredAtMs = NOW_MS - triggeredAgo * 60_000;
    let at = triggeredAtMs;
    const spans = [at, ...steps.map((step) => (at += step * 60_000))];
    const isClosed = spans.length % 2 === 0;
    const after = (stamped: number | undefined) =>
      stamped === undefined ? undefined : triggeredAtMs + stamped * 60_000;
    return {
      ...rest,
      status: isClosed ? 4 : 0,
      triggeredAtMs,
      startedAtMs: started === undefined ? undefined : triggeredAtMs - started * 60_000,
      identifiedAtMs: after(mitigated),
      acknowledgedAtMs: after(acknowledged),
      mitigatedAtMs: after(mitigated),
      resolvedAtMs: isClosed ? spans.at(-1) : undefined,
      spans: spans.length <= 2 ? undefined : spans,
      title: undefined,
    };
  });

const PROVIDERS: readonly OracleProvider[] = [
  { name: 'a', endMs: NOW_MS, historyStartMs: NOW_MS - 200 * DAY_MS, isOverall: true, tells: true },
  { name: 'b', endMs: NOW_MS - 2 * DAY_MS, historyStartMs: NOW_MS - 20 * DAY_MS, isOverall: true, tells: false },
  { name: 'c', endMs: NOW_MS, historyStartMs: NOW_MS - 400 * DAY_MS, isOverall: false, tells: true },
];

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('put' as const), row: fc.integer({ min: 1, max: 25 }), incident }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), row: fc.integer({ min: 1, max: 25 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      provider: fc.nat({ max: 2 }),
      byMinutes: fc.nat({ max: 20_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refresh' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rebuild' as const) }) },
);

describe('windowed statistics', () => {
  it.each(['last', 'first', 'sum'] as const)(
    'equal a naive recount after any history of edits, moves and rebuilds (reopened: %s)',
    async (reopened) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(action, { maxLength: 60 }),
          fc.constantFrom(1, 3),
          fc.boolean(),
          fc.record({
            clock: fc.constantFrom('trigger' as const, 'impact' as const),
            until: fc.constantFrom('resolved' as const, 'mitigated' as const),
          }),
          async (actions, minimumSample, isConfigured, clock) => {
            const optional = isConfigured
              ? { availability: { severities: ['P1', 'P3'], objective: 0.99 }, businessHours: BUSINESS_HOURS }
              : {};
            const settings = settingsWith({ reopened, minimumSample, ...clock, ...optional });
            const statistics = open(settings);
            const providers = PROVIDERS.map((provider) => ({ ...provider }));
            const incidents = new Map<number, IncidentSummary>();
            const rowOf = new Map<number, number>();
            let lastRow = 0;
            for (const provider of providers) statistics.advance(activeOf(provider));
            statistics.rebuild();

            for (const step of actions) {
              if (step.kind === 'put') {
                const row = rowOf.get(step.row) ?? (lastRow += 1);
                rowOf.set(step.row, row);
                incidents.set(row, { ...step.incident, row });
                statistics.put({ ...step.incident, row });
              }
              if (step.kind === 'forget') {
                const row = rowOf.get(step.row) ?? 0;
                rowOf.delete(step.row);
                incidents.delete(row);
                statistics.forget([row]);
              }
              if (step.kind === 'advance') {
                const provider = providers[step.provider] as {
                  -readonly [Key in keyof OracleProvider]: OracleProvider[Key];
                };
                provider.endMs += step.byMinutes * 60_000;
                statistics.advance(activeOf(provider));
              }
              if (step.kind === 'refresh') statistics.refresh();
              if (step.kind === 'rebuild') statistics.rebuild();
            }

            const expected = oracleRows({
              incidents: [...incidents.values()],
              labels: (dimensionsRow) => LABELS[dimensionsRow],
              providers,
              settings,
            });
            expectSameRows(await said(statistics, settings), expected);
          },
        ),
        { numRuns: 150 },
      );
    },
  );

  it('has only the statistics of its grouping at the standard detail', async () => {
    const settings = settingsWith({ detail: 'standard' });
    const statistics = open(settings);
    statistics.advance(activeOf(PROVIDERS[0] as OracleProvider));
    statistics.rebuild();

    statistics.put({ ...resolvedIncident(10), row: 1, dimensionsRow: 0 });

    const rows = await said(statistics, settings);
    const label = LABELS[0] as IncidentLabels;
    for (const grouping of ['service', 'service,severity'] as const) {
      const shown = Object.keys(rows.get(`${grouping}${keyOf(grouping, label)}@7d`) ?? {});
      const allowed = statisticsOf(grouping, settingsWith({ detail: 'standard' }));
      expect(shown.filter((statistic) => !allowed.has(statistic as 'mttr'))).toEqual([]);
      expect(shown).toContain('mttr');
    }
  });

  it.each([
    { says: 'counts what was resolved just inside the window', agoMs: 7 * DAY_MS - 1, resolved: 1 },
    { says: 'forgets what was resolved at the very start of the window', agoMs: 7 * DAY_MS, resolved: 0 },
    { says: 'counts what was resolved at the very end of the window', agoMs: 0, resolved: 1 },
    { says: 'waits with what was resolved after the end of the window', agoMs: -1, resolved: 0 },
  ])('$says', async ({ agoMs, resolved }) => {
    const settings = settingsWith();
    const statistics = open(settings);
    statistics.advance(activeOf(PROVIDERS[0] as OracleProvider));
    statistics.rebuild();

    statistics.put({
      ...resolvedIncident(0),
      row: 1,
      dimensionsRow: 0,
      triggeredAtMs: NOW_MS - agoMs,
      resolvedAtMs: NOW_MS - agoMs,
    });

    expect((await said(statistics, settings)).get('all[]@7d')?.['resolved']).toBe(resolved);
  });

  it('has an exact standard deviation after an outlier of a hundred days has left', async () => {
    const settings = settingsWith();
    const statistics = open(settings);
    statistics.advance(activeOf(PROVIDERS[0] as OracleProvider));
    statistics.rebuild();
    for (const [row, minute] of [1, 2, 4].entries())
      statistics.put({ ...resolvedIncident(minute), row: row + 1, dimensionsRow: 0 });
    statistics.put({ ...resolvedIncident(145_440), row: 4, dimensionsRow: 0 });
    statistics.refresh();

    statistics.forget([4]);

    expect((await said(statistics, settings)).get('all[]@7d')?.['stddev']).toBeCloseTo(1.5275252316519468, 12);
  });

  it('has no row before a provider has synced', () => {
    const statistics = open(settingsWith());

    statistics.put({ ...resolvedIncident(5), row: 1, dimensionsRow: 0 });

    expect(statistics.rows()).toEqual([]);
  });
});

function resolvedIncident(minutesLong: number): Omit<IncidentSummary, 'row' | 'dimensionsRow'> {
  return {
    flags: 0,
    status: 4,
    triggeredAtMs: NOW_MS - DAY_MS - minutesLong * 60_000,
    startedAtMs: undefined,
    identifiedAtMs: undefined,
    acknowledgedAtMs: undefined,
    mitigatedAtMs: undefined,
    resolvedAtMs: NOW_MS - DAY_MS,
    fingerprint: 1,
    spans: undefined,
    title: undefined,
  };
}
