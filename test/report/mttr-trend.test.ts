import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Incident } from '../../src/model/incident.ts';
import { computeMttrTrend, type TimeGrid, type TrendPoint, type WindowTrend } from '../../src/report/mttr-trend.ts';
import { findRow, readStatistics } from '../../src/report/statistic-info.ts';
import { createTimeline } from '../../src/report/timeline.ts';
import type { StatisticsSettings } from '../../src/stats/rows.ts';
import { openSnapshot, type StoreSnapshot } from '../../src/store/snapshot.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { severities } from '../settings.ts';
import { at, DAY_MS, HOUR_MS, incident, MINUTE_MS, poll, SINCE, settings } from '../store/fixtures.ts';
import { silent, temporaryFolder } from '../store/sqlite-location.ts';

const READ_UNTIL = at(1);
const INSTANTS: TimeGrid = { fromMs: READ_UNTIL - 20 * DAY_MS, stepMs: DAY_MS, count: 21 };
const filter = {
  severities: [],
  services: [],
  teams: [],
  excludeTitles: [/^trouble Q1/],
  shorterThanMs: 4 * MINUTE_MS,
};
const STORE = settings({ providers: [{ filter }, { name: 'aws', overall: false }, { name: 'silent' }] });

function statisticsWith(changes: Partial<StatisticsSettings> = {}): StatisticsSettings {
  return {
    windows: [
      { name: '1d', ms: DAY_MS },
      { name: '7d', ms: 7 * DAY_MS },
    ],
    groupings: ['all', 'severity'],
    severities,
    detail: 'standard',
    team: false,
    minimumSample: 1,
    reopened: 'last',
    ...changes,
  };
}

/** A history that holds what was told: of a provider that counts, of one that was silent for days, and of one that is kept apart. */
function historyOf(
  told: readonly Incident[],
  late: readonly Incident[] = [],
  apart: readonly Incident[] = [],
): StoreSnapshot {
  const path = join(temporaryFolder(), 'store.db');
  const store = createSqliteStore({ path, log: silent, nowMs: SINCE });
  store.configure(STORE, SINCE);
  store.load(() => undefined);
  store.commit(poll(READ_UNTIL, { incidents: told }));
  store.commit(poll(READ_UNTIL, { provider: 'aws', incidents: apart }));
  store.commit(poll(READ_UNTIL - 5 * DAY_MS, { provider: 'silent', incidents: late }));
  store.close();
  return openSnapshot({ path, labelMappers: STORE.labelMappers, maxServices: STORE.maxServices });
}

function trendOf(history: StoreSnapshot, given: StatisticsSettings): readonly WindowTrend[] {
  return computeMttrTrend({
    history,
    settings: given,
    labelMapper: (name) => STORE.labelMappers.get(name),
    isOverall: (name) => name !== 'aws',
    times: INSTANTS,
  });
}

/** The same from rows of statistics that are moved from instant to instant. */
function timelineOf(history: StoreSnapshot, given: StatisticsSettings): WindowTrend[] {
  const tells = { hasEscalations: true, hasReopens: true };
  const timeline = createTimeline({
    history,
    settings: given,
    providers: [
      { name: 'pagerduty', isOverall: true, ...tells },
      { name: 'aws', isOverall: false, ...tells },
      { name: 'silent', isOverall: true, ...tells },
    ],
    labelMapper: (name) => STORE.labelMappers.get(name),
  });
  const trends = given.windows.map(() => ({ all: [] as TrendPoint[], severities: new Map<string, TrendPoint[]>() }));
  for (let step = 0; step < INSTANTS.count; step += 1) {
    const atMs = INSTANTS.fromMs + step * INSTANTS.stepMs;
    const rows = timeline.at({ liveAtMs: atMs });
    for (const [window, { all, severities: bySeverity }] of trends.entries()) {
      const point = (row: ReturnType<typeof findRow>): TrendPoint => {
        const { mttr, resolved = 0 } = row === undefined ? {} : readStatistics(row, window);
        return { atMs, mttrMinutes: mttr, resolved };
      };
      all.push(point(findRow(rows, 'all')));
      for (const { name } of severities) {
        bySeverity.set(name, [...(bySeverity.get(name) ?? []), point(findRow(rows, 'severity', name))]);
      }
    }
  }
  return trends;
}

const told = fc
  .record({
    triggered: fc.integer({ min: -30 * 24 * 60, max: 0 }),
    minutes: fc.option(fc.oneof(fc.constantFrom(0, 3, 4, 1440), fc.integer({ min: 0, max: 20_000 })), {
      nil: undefined,
    }),
    priority: fc.constantFrom('P1', 'P2', 'nobody knows'),
    merged: fc.boolean(),
    exclusion: fc.option(fc.constantFrom('expired', 'flaky'), { nil: undefined }),
    pause: fc.boolean(),
  })
  .map(({ triggered, minutes, priority, merged, exclusion, pause }) => {
    const triggeredAtMs = at(triggered);
    const resolvedAtMs = minutes === undefined ? undefined : triggeredAtMs + minutes * MINUTE_MS;
    const middle = resolvedAtMs === undefined ? undefined : Math.floor((triggeredAtMs + resolvedAtMs) / 2);
    const intervals =
      pause && resolvedAtMs !== undefined && middle !== undefined
        ? [
            { openedAtMs: triggeredAtMs, closedAtMs: middle },
            { openedAtMs: middle, closedAtMs: resolvedAtMs },
          ]
        : [{ openedAtMs: triggeredAtMs, closedAtMs: resolvedAtMs }];
    const status = resolvedAtMs === undefined ? ('triggered' as const) : ('resolved' as const);
    return {
      triggeredAtMs,
      resolvedAtMs,
      status,
      priority,
      merged,
      exclusion: exclusion as 'expired' | 'flaky' | undefined,
      intervals,
    };
  });

it('the trend has the very numbers of statistics that are moved through the past', () => {
  const list = fc.array(told, { maxLength: 30 });
  const given = fc.record({
    minimumSample: fc.integer({ min: 1, max: 3 }),
    reopened: fc.constantFrom('last' as const, 'first' as const, 'sum' as const),
  });

  fc.assert(
    fc.property(fc.tuple(list, list, list), given, ([own, late, apart], changes) => {
      const named = (all: typeof own) => all.map((one, number) => incident(`Q${number}`, one));
      const history = historyOf(named(own), named(late), named(apart));
      const statistics = statisticsWith(changes);

      const trend = trendOf(history, statistics);
      const moved = timelineOf(history, statistics);

      history.close();
      expect(trend).toEqual(moved);
    }),
    { numRuns: 60 },
  );
});

it('an incident is in a window from the instant of its end on, and no longer when the window has passed', () => {
  const resolvedAtMs = INSTANTS.fromMs + 5 * DAY_MS;
  const triggeredAtMs = resolvedAtMs - HOUR_MS;
  const history = historyOf([incident('Q0', { triggeredAtMs, resolvedAtMs })]);

  const [day, week] = trendOf(history, statisticsWith());
  history.close();

  const placesOf = (points: readonly TrendPoint[] = []) =>
    points.flatMap(({ resolved, mttrMinutes }, place) => (resolved === 1 && mttrMinutes === 60 ? [place] : []));
  expect(placesOf(day?.all)).toEqual([5]);
  expect(placesOf(week?.severities.get('P1'))).toEqual([5, 6, 7, 8, 9, 10, 11]);
  expect(placesOf(week?.severities.get('P2'))).toEqual([]);
});
