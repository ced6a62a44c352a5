import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLabelMapper } from '../../../src/config/label-mapper.ts';
import { FLAGS, type IncidentLabels, type IncidentSummary, STATUSES } from '../../../src/model/stored.ts';
import { createOpenIncidentReplay, findStatusChanges } from '../../../src/report/history-replay.ts';
import type { OpenRow } from '../../../src/stats/rows.ts';
import { createStatistics } from '../../../src/stats/statistics.ts';
import { providerConfig, severities } from '../../settings.ts';

const LABELS: readonly IncidentLabels[] = ['checkout', 'search'].flatMap((service) =>
  ['P1', 'P2'].map((severity) => ({ provider: 'pd', service, severity, team: 'shop', excluded: false })),
);
const NOW_MS = 1_000_000;

function incident(change: Partial<IncidentSummary> = {}): IncidentSummary {
  return {
    row: 1,
    dimensionsRow: 0,
    flags: 0,
    status: STATUSES.indexOf('resolved'),
    triggeredAtMs: 100,
    startedAtMs: undefined,
    identifiedAtMs: undefined,
    acknowledgedAtMs: undefined,
    mitigatedAtMs: undefined,
    resolvedAtMs: 200,
    fingerprint: 1,
    spans: undefined,
    title: undefined,
    ...change,
  };
}

const OPEN = { resolvedAtMs: undefined, status: STATUSES.indexOf('triggered') };

describe('the life of an incident', () => {
  it.each([
    { says: 'is open from trigger to resolve', one: incident(), life: ['100 triggered', '200 -'] },
    {
      says: 'goes on by its stamps',
      one: incident({ acknowledgedAtMs: 110, mitigatedAtMs: 150 }),
      life: ['100 triggered', '110 acknowledged', '150 mitigated', '200 -'],
    },
    {
      says: 'does not go back to a lesser status',
      one: incident({ acknowledgedAtMs: 160, identifiedAtMs: 150 }),
      life: ['100 triggered', '150 identified', '200 -'],
    },
    {
      says: 'takes no stamp while it is closed',
      one: incident({ spans: [100, 120, 160, 200], acknowledgedAtMs: 130 }),
      life: ['100 triggered', '120 -', '160 triggered', '200 -'],
    },
    {
      says: 'ends in what the platform says today',
      one: incident({ ...OPEN, acknowledgedAtMs: 110 }),
      life: ['100 triggered', '110 acknowledged', '110 triggered'],
    },
    {
      says: 'of a merged one ends where it was merged',
      one: incident({ flags: FLAGS.merged, resolvedAtMs: 150 }),
      life: ['100 triggered', '150 -'],
    },
    {
      says: 'of a merged one that nobody closed is over at once',
      one: incident({ ...OPEN, flags: FLAGS.merged }),
      life: ['100 triggered', '100 -'],
    },
  ])('$says', ({ one, life }) => {
    const said = findStatusChanges(one).map(
      ({ atMs, status }) => `${atMs} ${status === undefined ? '-' : STATUSES[status]}`,
    );

    expect(said).toEqual(life);
  });
});

/** A row without its version, which may differ. */
function seen({ provider, service, severity, team, open, oldestAtMs, lastResolvedAtMs }: OpenRow) {
  return { provider, service, severity, team, open: [...open], oldestAtMs, lastResolvedAtMs };
}

function byName(rows: readonly OpenRow[]) {
  return new Map(rows.map((row) => [`${row.service} ${row.severity}`, seen(row)]));
}

describe('what was open', () => {
  it('is told of the instant that is asked for', () => {
    const past = createOpenIncidentReplay({ hasTeam: false });
    past.put(incident({ row: 1, triggeredAtMs: 100, resolvedAtMs: 200 }), LABELS[0] as IncidentLabels);
    past.put(incident({ row: 2, triggeredAtMs: 150, resolvedAtMs: 300 }), LABELS[0] as IncidentLabels);

    const told = [99, 100, 150, 200, 300].map((ms) => past.at(ms).map(seen)[0]);

    expect(told.map((row) => row?.open[0])).toEqual([undefined, 1, 2, 1, 0]);
    expect(told.map((row) => row?.oldestAtMs)).toEqual([undefined, 100, 100, 150, undefined]);
    expect(told.map((row) => row?.lastResolvedAtMs)).toEqual([undefined, undefined, undefined, 200, 300]);
  });

  it('carries the team where metrics do', () => {
    const past = createOpenIncidentReplay({ hasTeam: true });
    past.put(incident(), LABELS[0] as IncidentLabels);

    expect(past.at(NOW_MS).map(({ team }) => team)).toEqual(['shop']);
  });

  const atMs = fc.integer({ min: 0, max: 5000 });
  const anyIncident = fc
    .record({
      dimensionsRow: fc.nat({ max: LABELS.length - 1 }),
      stamps: fc.uniqueArray(atMs, { minLength: 1, maxLength: 5 }),
      acknowledged: fc.option(atMs, { nil: undefined }),
      status: fc.constantFrom(0, 1),
      flags: fc.constantFrom(0, 0, 0, FLAGS.merged),
    })
    .map(({ dimensionsRow, stamps, acknowledged, status, flags }) => {
      const spans = stamps.toSorted((a, b) => a - b);
      const isOpen = spans.length % 2 === 1;
      return incident({
        dimensionsRow,
        flags,
        triggeredAtMs: spans[0] ?? 0,
        resolvedAtMs: isOpen ? undefined : spans.at(-1),
        spans: spans.length > 2 ? spans : undefined,
        status: isOpen ? status : STATUSES.indexOf('resolved'),
        acknowledgedAtMs: acknowledged,
      });
    });

  it('is at the end what the exporter shows, whatever happened before', () => {
    fc.assert(
      fc.property(fc.array(anyIncident, { maxLength: 12 }), (drawn) => {
        const incidents = drawn.map((one, place) => ({ ...one, row: place + 1 }));
        const past = createOpenIncidentReplay({ hasTeam: false });
        for (const one of incidents) past.put(one, LABELS[one.dimensionsRow] as IncidentLabels);
        const live = createStatistics({
          settings: {
            windows: [{ name: '1s', ms: 1000 }],
            groupings: ['all'],
            severities,
            detail: 'standard',
            team: false,
            minimumSample: 1,
            reopened: 'last',
          },
          labels: (dimensionsRow) => LABELS[dimensionsRow],
          labelMapper: (name) => createLabelMapper(providerConfig({ name }), severities),
        });
        live.advance({
          name: 'pd',
          endMs: NOW_MS,
          historyStartMs: 0,
          isOverall: true,
          hasEscalations: true,
          hasReopens: true,
        });
        for (const one of incidents) live.put(one);
        live.rebuild();

        for (const ms of [0, 1000, 2500]) past.at(ms);

        expect(byName(past.at(NOW_MS))).toEqual(byName(live.openRows()));
      }),
    );
  });
});
