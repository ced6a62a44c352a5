import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STEPS } from '../../src/report/trend-steps.ts';
import { severities } from '../settings.ts';
import { DAY_MS, incident, MINUTE_MS, recovered } from '../store/fixtures.ts';
import { figuresIn, HISTORY_START, NOW, stageReports } from './reporting.ts';

/** Ended so many days before now, after so many minutes. */
function ended(id: string, [daysAgo, minutes]: readonly [number, number], told: Parameters<typeof recovered>[2] = {}) {
  return recovered(id, minutes, { triggeredAtMs: NOW - daysAgo * DAY_MS - minutes * MINUTE_MS, ...told });
}

const WEEK = [
  ended('A', [1, 10]),
  ended('B', [2, 20], { service: 'search', priority: 'P2', team: 'web' }),
  ended('C', [3, 60], { service: 'search', priority: 'P3', team: 'web' }),
  ended('D', [40, 500]),
  incident('E', { triggeredAtMs: NOW - DAY_MS }),
];

describe('a report', () => {
  it('says of every group what was resolved and opened in the period', () => {
    const report = stageReports([{ incidents: WEEK }]);

    const made = report();

    expect(figuresIn(made, 'all')).toMatchObject({ resolved: 3, opened: 4, mttr: 30, p50: 20, min: 10, max: 60 });
    expect(figuresIn(made, 'severity', 'P2')).toMatchObject({ resolved: 1, mttr: 20, withinTarget: 1 });
    expect(figuresIn(made, 'service', 'search')).toMatchObject({ resolved: 2, mttr: 40, p90: 56 });
    expect(figuresIn(made, 'team', 'web')).toMatchObject({ resolved: 2 });
    expect(figuresIn(made, 'provider', 'pagerduty')).toMatchObject({ resolved: 3 });
    expect(made.openNow).toBe(1);
  });

  it('says nothing rather than zero where nothing was resolved', () => {
    const report = stageReports([{ incidents: WEEK }]);

    const made = report();

    const severity = made.groups.find(({ name }) => name === 'P5');
    expect(severity).toMatchObject({ statistics: { resolved: 0, opened: 0 }, level: undefined });
    expect(severity?.statistics.mttr).toBeUndefined();
    expect(severity?.statistics.withinTarget).toBeUndefined();
  });

  it('judges severities by their objective', () => {
    const report = stageReports([{ incidents: [ended('A', [1, 31]), ended('B', [1, 120], { priority: 'P2' })] }]);

    const made = report();

    const judged = made.groups.filter(({ grouping }) => grouping === 'severity');
    expect(judged.map(({ name, targetMinutes, isObjectiveMet }) => [name, targetMinutes, isObjectiveMet])).toEqual([
      ['P1', 30, false],
      ['P2', 120, true],
      ['P3', 480, undefined],
      ['P4', 1440, undefined],
      ['P5', undefined, undefined],
    ]);
  });

  it('has the worst severities first, whatever the order of the configuration', () => {
    const report = stageReports([{ incidents: WEEK }]);

    const made = report({ config: { severities: severities.toReversed() } });

    const names = made.groups.filter(({ grouping }) => grouping === 'severity').map(({ name }) => name);
    expect(names).toEqual(['P1', 'P2', 'P3', 'P4', 'P5']);
  });

  it('says how available everything and each service was, and the mean in business hours', () => {
    // Monday 09:00, an hour of it in business hours and two before.
    const told = [
      recovered('P1', 60, { triggeredAtMs: NOW - 180 * MINUTE_MS }),
      recovered('P3', 1000, { triggeredAtMs: NOW - DAY_MS, priority: 'P3', service: 'search' }),
    ];
    const report = stageReports([{ incidents: told }]);
    const hours = { timezone: 'UTC', days: [1], fromMinute: 570, toMinute: 1020, holidays: [] };

    const made = report({
      from: '10d',
      config: { availability: { severities: ['P1'], objective: 0.99 }, businessHours: hours },
    });

    const all = figuresIn(made, 'all');
    expect(all?.availability).toBeCloseTo(1 - 60 / 14_400, 9);
    expect(all?.free).toBeCloseTo(1 - 60 / 14_400, 9);
    expect(all?.errorBudget).toBeCloseTo(144 - 60, 9);
    expect(all?.businessMttr).toBe(15);
    expect(figuresIn(made, 'service', 'search')?.availability).toBe(1);
    expect(made).toMatchObject({ availability: { severities: ['P1'], objective: 0.99 }, businessHours: hours });
  });

  it('says nothing of availability where its severities are not all asked for, and why', () => {
    const report = stageReports([{ incidents: WEEK }]);
    const config = { availability: { severities: ['P1', 'P2'], objective: 0.99 } };

    const part = report({ config, filter: { severities: ['P1', 'P3'] } });
    const all = report({ config, filter: { severities: ['P2', 'P1'] } });

    expect(part.availability).toBeUndefined();
    expect(figuresIn(part, 'all')?.availability).toBeUndefined();
    expect(part.notes).toEqual([
      { kind: 'no_availability', text: 'no availability: not all of its severities are asked for (P1, P2)' },
    ]);
    expect(figuresIn(all, 'all')?.availability).toBeLessThan(1);
    expect(all.notes).toEqual([]);
  });

  it('takes an objective that is reached exactly for met', () => {
    const incidents = Array.from({ length: 10 }, (_, at) => ended(`I${at}`, [1, at === 0 ? 31 : 30]));
    const report = stageReports([{ incidents }]);

    const made = report();

    expect(made.groups.find(({ name }) => name === 'P1')).toMatchObject({
      statistics: { withinTarget: 0.9 },
      objective: 0.9,
      isObjectiveMet: true,
    });
  });

  it('has in its longest exactly what is in its window: the end, but not the beginning', () => {
    const report = stageReports([
      {
        incidents: [
          ended('before', [30, 400]),
          ended('first', [30 - 1 / DAY_MS, 300]),
          ended('last', [0, 200]),
          ended('after', [-1 / DAY_MS, 500]),
        ],
      },
    ]);

    const made = report({ from: '30d', to: '2026-06-01T12:00:00Z' });

    expect(made.longest.map(({ id }) => id)).toEqual(['first', 'last']);
    expect(figuresIn(made, 'all')).toMatchObject({ resolved: 2, max: 300 });
  });

  it('counts only what is asked for', () => {
    const report = stageReports([{ incidents: WEEK }]);

    const made = report({ filter: { severities: ['P2', 'P3'], services: ['search'] } });

    expect(figuresIn(made, 'all')).toMatchObject({ resolved: 2, mttr: 40 });
    expect(made.groups.filter(({ grouping }) => grouping === 'severity').map(({ name }) => name)).toEqual(['P2', 'P3']);
    expect(made.groups.filter(({ grouping }) => grouping === 'service').map(({ name }) => name)).toEqual(['search']);
    expect(made.longest.map(({ id }) => id)).toEqual(['C', 'B']);
    expect(made.openNow).toBe(0);
  });

  it('compares with the period before, whose mean is the baseline', () => {
    const edges = [
      ended('F', [30 - 1 / DAY_MS, 7]),
      ended('G', [30, 800]),
      ended('H', [60 - 1 / DAY_MS, 200]),
      ended('I', [60, 9]),
    ];
    const report = stageReports([{ incidents: [...WEEK, ...edges] }]);

    const made = report({ isCompared: true });

    expect(made.before?.bounds.lastMs).toBe(made.bounds.firstMs - 1);
    expect(figuresIn(made.before ?? made, 'all')).toMatchObject({ resolved: 3, mttr: 500 });
    expect(figuresIn(made, 'all')).toMatchObject({ resolved: 4, baseline: 500, baselineResolved: 3 });
  });

  it('does not compare with a period whose longest recoveries may be missing, and says so', () => {
    const report = stageReports([{ incidents: WEEK, historyStartMs: NOW - 80 * DAY_MS }]);

    const made = report({ isCompared: true });

    expect(made.before).toBeUndefined();
    expect(made.notes.map(({ kind }) => kind)).toEqual(['no_comparison']);
  });

  it('lists the five longest, the very longest first, without their titles', () => {
    const incidents = [30, 10, 70, 20, 50, 60, 40].map((minutes) =>
      ended(`I${minutes}`, [2, minutes], { url: `https://example.org/${minutes}` }),
    );
    const report = stageReports([{ incidents }]);

    const made = report();

    expect(made.longest.map(({ id }) => id)).toEqual(['I70', 'I60', 'I50', 'I40', 'I30']);
    expect(made.longest[0]).toEqual({
      provider: 'pagerduty',
      id: 'I70',
      url: 'https://example.org/70',
      service: 'checkout',
      severity: 'P1',
      triggeredAtMs: NOW - 2 * DAY_MS - 70 * MINUTE_MS,
      resolvedAtMs: NOW - 2 * DAY_MS,
      minutes: 70,
    });
  });

  it('leaves merged incidents and those that a filter keeps out of the longest', () => {
    const filter = {
      severities: [],
      services: [],
      teams: [],
      excludeTitles: [/^\[TEST\]/],
      shorterThanMs: 15 * MINUTE_MS,
    };
    const incidents = [
      ended('merged', [1, 90], { merged: true }),
      ended('test', [1, 80], { title: '[TEST] drill' }),
      ended('short', [1, 14]),
      ended('kept', [1, 15]),
    ];
    const report = stageReports([{ config: { filter }, incidents }]);

    const made = report();

    expect(made.longest.map(({ id }) => id)).toEqual(['kept']);
    expect(figuresIn(made, 'all')?.max).toBe(15);
  });

  it('keeps a provider that is not overall out of everything but its own row, and says so', () => {
    const report = stageReports([
      { incidents: [ended('A', [1, 10])] },
      { config: { name: 'aws', overall: false }, incidents: [ended('B', [1, 999], { service: 'alarms' })] },
    ]);

    const made = report();

    expect(figuresIn(made, 'all')).toMatchObject({ resolved: 1, max: 10 });
    expect(figuresIn(made, 'service', 'alarms')).toBeUndefined();
    expect(figuresIn(made, 'provider', 'aws')).toMatchObject({ resolved: 1, mttr: 999 });
    expect(made.longest.map(({ id }) => id)).toEqual(['A']);
    expect(made.notes).toEqual([{ kind: 'kept_out', text: 'aws counts only in numbers by provider (overall: false)' }]);
  });

  it('ends each window where its provider was read, and names the one that lags', () => {
    const report = stageReports([
      { incidents: [ended('A', [30, 10]), ended('B', [29, 20])] },
      { config: { name: 'late' }, incidents: [ended('C', [39, 30])], readUntilMs: NOW - 10 * DAY_MS },
    ]);

    const made = report();

    expect(figuresIn(made, 'all')).toMatchObject({ resolved: 2, mttr: 25 });
    expect(made.bounds.lastMs).toBe(NOW);
    expect(made.notes).toEqual([
      {
        kind: 'lagging',
        provider: 'late',
        text: 'late: was last read until 2026-05-22T12:00:00; its windows end there',
      },
    ]);
  });

  it('names a provider that was never read to its end', () => {
    const report = stageReports([{ incidents: WEEK }, { config: { name: 'new' }, isUnsynced: true }]);

    const made = report();

    expect(made.notes.map(({ kind, provider }) => [kind, provider])).toEqual([['unsynced', 'new']]);
  });

  it('warns of a period that begins before the history', () => {
    const report = stageReports([{ incidents: WEEK, historyStartMs: NOW - 20 * DAY_MS }]);

    const made = report();

    expect(made.notes.map(({ kind }) => kind)).toEqual(['before_history']);
    expect(figuresIn(made, 'all')?.resolved).toBe(3);
  });

  it('does not know what the retention has deleted, however early the history began', () => {
    const report = stageReports([{ incidents: WEEK }]);

    const made = report({ retentionMs: 20 * DAY_MS });

    expect(made.notes.map(({ kind }) => kind)).toEqual(['before_history']);
  });

  it('refuses a period that is older than all that is known', () => {
    const report = stageReports([{ incidents: WEEK }]);

    const making = () => report({ from: '2025-01-01', to: '2025-01-31' });

    expect(making).toThrow(
      'the period ends at 2025-01-31 23:59:59 UTC, before the history begins (pagerduty: 2025-11-03 12:00:00 UTC); expected a later period, or a longer history in the configuration',
    );
  });

  it('hides means of too few incidents, and says so', () => {
    const report = stageReports([{ incidents: WEEK }]);

    const made = report({ minimumSample: 2 });

    expect(figuresIn(made, 'service', 'checkout')?.mttr).toBeUndefined();
    expect(figuresIn(made, 'service', 'search')?.mttr).toBe(40);
    expect(made.notes.map(({ kind }) => kind)).toEqual(['minimum_sample']);
  });
});

describe('an empty period', () => {
  it.each([
    {
      says: 'may be asked for with too narrow a filter',
      told: [{ incidents: [ended('A', [1, 10])] }],
      asking: { filter: { services: ['search'] } },
      hints: ['filter: 1 incident was resolved in the period, but outside of what was asked for'],
    },
    {
      says: 'may be asked for with a filter that nothing ever passed',
      told: [{ incidents: [ended('A', [60, 10])] }],
      asking: { filter: { services: ['search'] } },
      hints: ['filter: nothing of what was asked for was ever resolved'],
    },
    {
      says: 'may come from the filter of a provider',
      told: [
        {
          config: {
            filter: { severities: ['P2'], services: [], teams: [], excludeTitles: [], shorterThanMs: 0 },
          },
          incidents: [ended('A', [1, 10]), ended('B', [60, 10], { priority: 'P2' })],
        },
      ],
      asking: {},
      hints: [
        'filter: 1 incident ended in the period, but does not count: left out by filter.severities',
        'range: the last recovery was 2026-04-02T12:00:00, outside of the period',
      ],
    },
    {
      says: 'may hold what counts nowhere, each with its reason',
      told: [
        {
          incidents: [
            ended('D1', [1, 10]),
            ended('D2', [1, 10]),
            ended('F', [1, 1], { exclusion: 'flaky' }),
            ended('E', [2, 10], { exclusion: 'expired' }),
          ],
          deletedIds: ['D1', 'D2'],
        },
      ],
      asking: {},
      hints: [
        'deleted: 2 incidents ended in the period, but do not count: deleted on the platform',
        'expired: 1 incident ended in the period, but does not count: no end was ever reported, so it expired',
        'flaky: 1 incident ended in the period, but does not count: too short to be a recovery',
      ],
    },
    {
      says: 'may hold what counts nowhere, though it was not asked for',
      told: [{ incidents: [ended('D', [1, 10])], deletedIds: ['D'] }],
      asking: { filter: { services: ['search'] } },
      hints: ['filter: nothing of what was asked for was ever resolved'],
    },
    {
      says: 'may lie beside what happened',
      told: [{ incidents: [ended('A', [60, 10])] }],
      asking: {},
      hints: ['range: the last recovery was 2026-04-02T12:00:00, outside of the period'],
    },
    {
      says: 'may hold what is still open',
      told: [{ incidents: [incident('A', { triggeredAtMs: NOW - DAY_MS })] }],
      asking: {},
      hints: ['nothing closed yet: open incidents: 1'],
    },
    {
      says: 'may come from credentials that see nothing',
      told: [{}],
      asking: {},
      hints: ['credentials: no incident was found, or the key has no access to any; mttr-exporter doctor says which'],
    },
    {
      says: 'may come from credentials that never worked',
      told: [{ isUnsynced: true }],
      asking: {},
      hints: ['credentials: first sync incomplete: pagerduty; mttr-exporter doctor says what is wrong'],
    },
    {
      says: 'may come from providers that are all kept out',
      told: [{ config: { overall: false }, incidents: [ended('A', [1, 10])] }],
      asking: {},
      hints: ['filter: every provider counts only in numbers of its own (overall: false)'],
    },
  ])('$says', ({ told, asking, hints }) => {
    const report = stageReports(told);

    const made = report(asking);

    expect(made.hints).toEqual(hints);
  });

  it('needs no hints when something was resolved', () => {
    const report = stageReports([{ incidents: WEEK }]);

    const made = report();

    expect(made.hints).toEqual([]);
  });
});

describe('a trend', () => {
  it('adds up to the period, in any zone and step', () => {
    const minutesAgo = fc.integer({ min: 1, max: 60 * 1440 });
    const world = fc.array(fc.record({ minutesAgo, minutes: fc.integer({ min: 0, max: 3000 }) }), { maxLength: 30 });
    const asking = fc.record({
      timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu'),
      step: fc.constantFrom(...STEPS),
      from: fc.constantFrom('30d', '2026-04-20', '2026-03-28'),
    });
    fc.assert(
      fc.property(world, asking, (told, asked) => {
        const incidents = told.map((one, at) => ended(`I${at}`, [one.minutesAgo / 1440, one.minutes]));
        const report = stageReports([{ incidents }]);

        const made = report(asked);

        const resolved = (made.trend?.points ?? []).map(({ statistics }) => statistics.resolved ?? 0);
        expect(resolved.reduce((sum, count) => sum + count, 0)).toBe(figuresIn(made, 'all')?.resolved);
        expect(made.longest[0]?.minutes).toBe(figuresIn(made, 'all')?.max);
      }),
      { numRuns: 15 },
    );
  });

  it('says nothing of days before the history', () => {
    const report = stageReports([{ incidents: WEEK, historyStartMs: NOW - 2 * DAY_MS }]);

    const made = report({ from: '2026-05-29', step: 'day' });

    expect(made.trend?.points.map(({ name, statistics }) => [name, statistics.resolved])).toEqual([
      ['2026-05-29', undefined],
      ['2026-05-30', 1],
      ['2026-05-31', 1],
      ['2026-06-01', 0],
    ]);
  });

  it('of too many steps is refused', () => {
    const report = stageReports([{ historyStartMs: HISTORY_START }]);

    const making = () => report({ from: '2020-01-01', step: 'day' });

    expect(making).toThrow('from: the trend would have 2344 steps; expected 1000 or fewer');
  });
});
