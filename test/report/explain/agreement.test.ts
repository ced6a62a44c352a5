import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Incident } from '../../../src/model/incident.ts';
import type { WindowEnd } from '../../../src/report/timeline.ts';
import { STATISTICS } from '../../../src/stats/rows.ts';
import { severities } from '../../settings.ts';
import { DAY_MS, incident } from '../../store/fixtures.ts';
import { ago, ask, NOW, worldOf } from '../stored-history.ts';

const minute = fc.integer({ min: 1, max: 90 * 1440 });
const stamp = fc.option(fc.integer({ min: 0, max: 3000 }), { nil: undefined });

/** Incidents with up to three spans, some merged, flaky or expired. */
const told = fc
  .record({
    triggered: minute,
    steps: fc.array(fc.integer({ min: 0, max: 4000 }), { maxLength: 5 }),
    service: fc.constantFrom('checkout', 'search'),
    priority: fc.constantFrom('P1', 'P3', 'P5'),
    team: fc.constantFrom(undefined, 'payments'),
    acknowledged: stamp,
    started: stamp,
    identified: stamp,
    mitigated: stamp,
    fingerprint: fc.constantFrom('a', 'b', 'c'),
    merged: fc.boolean(),
    exclusion: fc.constantFrom(undefined, undefined, undefined, 'flaky', 'expired'),
    escalated: fc.boolean(),
    title: fc.constantFrom('[TEST] nothing', 'trouble'),
  })
  .map((one): Partial<Incident> & { service: string; priority: string } => {
    const triggeredAtMs = ago(one.triggered);
    let at = triggeredAtMs;
    const instants = [at, ...one.steps.map((step) => (at = Math.min(NOW, at + step * 60_000)))];
    const isClosed = instants.length % 2 === 0;
    const intervals: Incident['intervals'][number][] = [];
    for (let place = 0; place < instants.length; place += 2) {
      intervals.push({ openedAtMs: instants[place] ?? 0, closedAtMs: instants[place + 1] });
    }
    const after = (stamped: number | undefined) =>
      stamped === undefined ? undefined : triggeredAtMs + stamped * 60_000;
    return {
      service: one.service,
      priority: one.priority,
      team: one.team,
      title: one.title,
      fingerprint: one.fingerprint,
      triggeredAtMs,
      status: isClosed ? 'resolved' : 'triggered',
      resolvedAtMs: isClosed ? at : undefined,
      acknowledgedAtMs: after(one.acknowledged),
      startedAtMs: one.started === undefined ? undefined : triggeredAtMs - one.started * 60_000,
      identifiedAtMs: after(one.identified),
      mitigatedAtMs: after(one.mitigated),
      intervals,
      merged: one.merged && isClosed,
      exclusion: isClosed ? one.exclusion : undefined,
      escalatedAtMs: one.escalated ? [triggeredAtMs] : [],
      reopenedAtMs: intervals.slice(1).map(({ openedAtMs }) => openedAtMs),
      updatedAtMs: at,
    };
  });

const filter = { severities: [], services: [], teams: [], excludeTitles: [/^\[TEST\]/], shorterThanMs: 5 * 60_000 };

/** Targets of every clock, but for P5. */
const stageTargetsMs = {
  detection: 1000 * 60_000,
  acknowledgement: 1500 * 60_000,
  identification: 2000 * 60_000,
  mitigation: 2500 * 60_000,
};
const withTargets = severities.map((one) => (one.name === 'P5' ? one : { ...one, stageTargetsMs }));

const businessHours = {
  timezone: 'Europe/Berlin',
  days: [1, 2, 3, 4, 5],
  fromMinute: 9 * 60,
  toMinute: 17 * 60 + 30,
  holidays: ['2026-05-25'],
};

it('says for random histories, of every statistic and row, what the statistics of the metrics say', () => {
  const labels = fc.subarray([
    ['service', 'checkout'],
    ['severity', 'P1'],
    ['team', 'payments'],
    ['provider', 'b'],
  ] as const);
  const explanations: unknown[] = [];

  fc.assert(
    fc.property(
      fc.record({
        first: fc.array(told, { maxLength: 30 }),
        second: fc.array(told, { maxLength: 10 }),
        wanted: labels,
        reopened: fc.constantFrom('last', 'first', 'sum'),
        end: fc.constantFrom<WindowEnd>('read', ago(3 * 1440)),
        availability: fc.constantFrom(
          undefined,
          { severities: ['P1'], objective: 0.999 },
          { severities: ['P1', 'P3'], objective: 0.5 },
        ),
        businessHours: fc.constantFrom(undefined, businessHours),
      }),
      ({ first, second, wanted, reopened, end, availability, businessHours: hours }) => {
        const world = worldOf([
          { config: { name: 'a', filter }, incidents: first.map((one, at) => incident(`A${at}`, one)) },
          {
            config: { name: 'b', overall: first.length % 2 === 0 },
            incidents: [
              incident('B', { triggeredAtMs: ago(80 * 1440), service: 'checkout', team: 'payments' }),
              ...second.map((one, at) => incident(`B${at}`, one)),
            ],
            readUntilMs: ago(700),
            historyStartMs: ago(20 * 1440),
            tells: false,
          },
        ]);
        for (const statistic of STATISTICS) {
          const question = {
            statistic,
            labels: Object.fromEntries(wanted),
            end,
            window: { name: '9d', ms: 9 * DAY_MS },
          };
          explanations.push(
            ask(world, question, { reopened, availability, businessHours: hours, severities: withTargets }),
          );
        }
      },
    ),
    { numRuns: 40 },
  );

  expect(explanations.filter((one) => one !== undefined).length).toBe(40 * STATISTICS.length);
}, 60_000);
