import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLabelMapper } from '../../src/config/label-mapper.ts';
import { GROUPINGS } from '../../src/config/types.ts';
import { FLAGS, type IncidentLabels, type IncidentSummary } from '../../src/model/stored.ts';
import { readStatistics } from '../../src/report/statistic-info.ts';
import { createTimeline, type ReportedProvider, type WindowEnd } from '../../src/report/timeline.ts';
import type { Row, StatisticsSettings } from '../../src/stats/rows.ts';
import { createStatistics } from '../../src/stats/statistics.ts';
import type { StoreSnapshot } from '../../src/store/snapshot.ts';
import { providerConfig, severities } from '../settings.ts';
import { oracleRows } from '../stats/oracle.ts';
import { expectSameRows } from '../stats/same-rows.ts';

const DAY_MS = 86_400_000;
const READ_UNTIL = Date.UTC(2026, 9, 1);

const LABELS: readonly IncidentLabels[] = ['a', 'b', 'c'].flatMap((provider) =>
  ['checkout', 'search'].flatMap((service) =>
    ['P1', 'P3'].map((severity) => ({
      provider,
      service,
      severity,
      team: `${service} team`,
      excluded: false,
      targetMs: severities.find(({ name }) => name === severity)?.targetMs,
    })),
  ),
);

/** The second lags, the third is kept out of what is overall. */
const REACHES = [
  { name: 'a', readUntilMs: READ_UNTIL, historyStartMs: READ_UNTIL - 300 * DAY_MS, isOverall: true, tells: true },
  {
    name: 'b',
    readUntilMs: READ_UNTIL - 2 * DAY_MS,
    historyStartMs: READ_UNTIL - 60 * DAY_MS,
    isOverall: true,
    tells: false,
  },
  { name: 'c', readUntilMs: READ_UNTIL, historyStartMs: READ_UNTIL - 400 * DAY_MS, isOverall: false, tells: true },
] as const;

const PROVIDERS: readonly ReportedProvider[] = REACHES.map(({ name, isOverall, tells }) => ({
  name,
  isOverall,
  hasEscalations: tells,
  hasReopens: tells,
}));

const SETTINGS: StatisticsSettings = {
  windows: [
    { name: '1d', ms: DAY_MS },
    { name: '30d', ms: 30 * DAY_MS },
  ],
  groupings: GROUPINGS,
  severities,
  detail: 'full',
  team: false,
  minimumSample: 1,
  reopened: 'last',
};

/** A history that holds just these. */
function historyOf(incidents: readonly IncidentSummary[]): StoreSnapshot {
  return {
    providers: REACHES.map(({ name, readUntilMs, historyStartMs }) => ({
      name,
      countingSinceMs: historyStartMs,
      cursor: 'somewhere',
      isSynced: true,
      polledUntilMs: readUntilMs,
      historyStartMs,
    })),
    labels: (dimensionsRow) => LABELS[dimensionsRow],
    dimensions: () => {
      throw new Error('a timeline needs labels only');
    },
    names: () => LABELS,
    each: (visit) => incidents.forEach(visit),
    details: () => [],
    deploymentNames: () => [],
    find: () => [],
    deploymentLabels: () => undefined,
    eachDeployment: () => undefined,
    deployments: () => [],
    deploymentsBetween: () => [],
    close: () => undefined,
  };
}

function timelineOf(incidents: readonly IncidentSummary[], isWanted: (labels: IncidentLabels) => boolean = () => true) {
  return createTimeline({
    history: historyOf(incidents),
    settings: SETTINGS,
    providers: PROVIDERS,
    labelMapper,
    isWanted,
  });
}

function labelMapper(name: string) {
  return createLabelMapper(providerConfig({ name }), severities);
}

/** What rows say, in the oracle's words. */
function said(rows: readonly Row[]): Map<string, Record<string, number>> {
  return new Map(
    rows.flatMap((row) =>
      SETTINGS.windows.map(({ name }, window) => [
        `${row.grouping}${JSON.stringify(row.labels)}@${name}`,
        { ...readStatistics(row, window) },
      ]),
    ),
  );
}

const told = fc.record({
  dimensionsRow: fc.nat({ max: LABELS.length - 1 }),
  triggeredAgo: fc.integer({ min: 0, max: 120 * 1440 }),
  steps: fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 4 }),
  acknowledged: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
  fingerprint: fc.nat({ max: 4 }),
  flags: fc.constantFrom(0, 0, 0, FLAGS.merged, FLAGS.deleted, FLAGS.escalated, FLAGS.reopened),
});

/** Incidents as a store that was read that far holds them: nothing in it happened later. */
const history = fc.array(told, { maxLength: 40 }).map((all) =>
  all.map(({ triggeredAgo, steps, acknowledged, ...rest }, at): IncidentSummary => {
    const triggeredAtMs = READ_UNTIL - 2 * DAY_MS - triggeredAgo * 60_000;
    let atMs = triggeredAtMs;
    const later = steps.map((step) => (atMs += step * 60_000)).filter((one) => one <= READ_UNTIL - 2 * DAY_MS);
    const spans = [triggeredAtMs, ...later];
    const isClosed = spans.length % 2 === 0;
    return {
      ...rest,
      row: at + 1,
      status: isClosed ? 4 : 0,
      triggeredAtMs,
      startedAtMs: undefined,
      identifiedAtMs: undefined,
      acknowledgedAtMs: acknowledged === undefined ? undefined : triggeredAtMs + acknowledged * 60_000,
      mitigatedAtMs: undefined,
      resolvedAtMs: isClosed ? spans.at(-1) : undefined,
      spans: spans.length <= 2 ? undefined : spans,
      title: undefined,
    };
  }),
);

describe('windows of the past', () => {
  it('equal a naive recount at each of several instants', () => {
    const instants = fc
      .uniqueArray(fc.integer({ min: 2 * 1440, max: 100 * 1440 }), { minLength: 1, maxLength: 5 })
      .map((agos) => agos.map((ago) => READ_UNTIL - ago * 60_000).sort((a, b) => a - b));
    fc.assert(
      fc.property(history, instants, (incidents, ends) => {
        const timeline = timelineOf(incidents);

        for (const endMs of ends) {
          const actual = said(timeline.at(endMs));

          const providers = REACHES.map((one) => ({ ...one, endMs }));
          const labels = (dimensionsRow: number) => LABELS[dimensionsRow];
          expectSameRows(actual, oracleRows({ incidents, labels, providers, settings: SETTINGS }));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('that end where providers were read are the live ones', () => {
    fc.assert(
      fc.property(history, (incidents) => {
        const timeline = timelineOf(incidents);
        const live = createStatistics({
          settings: SETTINGS,
          labels: (dimensionsRow) => LABELS[dimensionsRow],
          labelMapper,
        });
        for (const one of incidents) live.put(one);
        for (const [at, { readUntilMs: endMs, historyStartMs }] of REACHES.entries()) {
          const provider = PROVIDERS[at];
          if (provider !== undefined) live.advance({ ...provider, endMs, historyStartMs });
        }
        live.rebuild();

        const rows = timeline.at('read');

        live.refresh();
        expect(said(rows)).toEqual(said(live.rows()));
      }),
      { numRuns: 60 },
    );
  });

  it('go back from where each provider was read', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 60 }), (incidents, days) => {
        const timeline = timelineOf(incidents);

        const actual = said(timeline.at({ msBeforeRead: days * DAY_MS }));

        const providers = REACHES.map((one) => ({ ...one, endMs: one.readUntilMs - days * DAY_MS }));
        const labels = (dimensionsRow: number) => LABELS[dimensionsRow];
        expectSameRows(actual, oracleRows({ incidents, labels, providers, settings: SETTINGS }));
      }),
      { numRuns: 30 },
    );
  });

  it('may be asked for one after the other, to where providers were read', () => {
    const ends: readonly WindowEnd[] = [READ_UNTIL - 40 * DAY_MS, READ_UNTIL - 10 * DAY_MS, 'read'];
    fc.assert(
      fc.property(history, (incidents) => {
        const walking = timelineOf(incidents);
        const walked = [];
        for (const end of ends) walked.push(said(walking.at(end)));

        const afresh = [];
        for (const end of ends) afresh.push(said(timelineOf(incidents).at(end)));

        expect(walked).toEqual(afresh);
      }),
      { numRuns: 20 },
    );
  });

  it('hold only what is wanted', () => {
    fc.assert(
      fc.property(history, (incidents) => {
        const isWanted = ({ service }: IncidentLabels) => service === 'search';
        const some = incidents.filter(({ dimensionsRow }) => LABELS[dimensionsRow]?.service === 'search');

        const filtered = said(timelineOf(incidents, isWanted).at('read'));

        const only = said(timelineOf(some).at('read'));
        expect(filtered).toEqual(only);
      }),
      { numRuns: 30 },
    );
  });
});
