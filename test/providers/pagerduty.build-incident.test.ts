import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident, StateChange } from '../../src/model/incident.ts';
import { buildIncident, toRecord } from '../../src/providers/pagerduty/build-incident.ts';
import { addIncidents, createPollBuffer } from '../../src/providers/pagerduty/poll-buffer.ts';
import type { IncidentRecord } from '../../src/providers/pagerduty/schema.ts';
import { type StateChangeKind, toStateChange } from '../../src/providers/pagerduty/state-changes.ts';

const AT = Date.UTC(2026, 9, 1, 9);
const minute = (count: number) => AT + count * 60_000;

function facts(overrides: Partial<IncidentRecord> = {}): IncidentRecord {
  return {
    id: 'Q1',
    url: 'https://acme.pagerduty.com/incidents/Q1',
    title: 'checkout is down',
    serviceId: 'PSVC1',
    serviceName: 'checkout',
    team: 'Payments',
    severity: { priority: 'P1', urgency: 'high' },
    status: 'resolved',
    triggeredAtMs: AT,
    resolvedAtMs: minute(30),
    statusChangedAtMs: minute(30),
    merged: false,
    updatedAtMs: minute(30),
    ...overrides,
  };
}

function log(...entries: readonly [StateChangeKind, number][]): StateChange[] {
  return entries.map(([kind, at], index) => ({ subject: 'Q1', id: `R${index}`, kind, atMs: minute(at) }));
}

function made(of: IncidentRecord, stateChanges: readonly StateChange[]): Incident {
  const incident = buildIncident(of, stateChanges);
  if ('reason' in incident) throw new Error(incident.detail);
  return incident;
}

const open = { status: 'triggered', resolvedAtMs: undefined, updatedAtMs: minute(90) } as const;

describe('an incident is made of what PagerDuty says of it and of its log', () => {
  it.each([
    {
      says: 'takes the first acknowledgement by a person',
      stateChanges: log(['acknowledge', 4], ['acknowledge', 2]),
      at: 2,
    },
    { says: 'knows no acknowledgement by a machine', stateChanges: log(['acknowledge_by_machine', 1]), at: undefined },
    {
      says: 'passes a machine by for the person who came later',
      stateChanges: log(['acknowledge_by_machine', 1], ['acknowledge', 3]),
      at: 3,
    },
    { says: 'takes no acknowledgement from after the end', stateChanges: log(['acknowledge', 31]), at: undefined },
    {
      says: 'takes no acknowledgement from before the beginning',
      stateChanges: log(['acknowledge', -1]),
      at: undefined,
    },
  ])('$says', ({ stateChanges, at }) => {
    expect(made(facts(), stateChanges).acknowledgedAtMs).toBe(at === undefined ? undefined : minute(at));
  });

  it.each([
    { says: 'resolved_at before all', of: facts(), stateChanges: log(['resolve', 29]), at: 30, from: 'resolve_event' },
    {
      says: 'the last resolve of the log where resolved_at is missing',
      of: facts({ resolvedAtMs: undefined }),
      stateChanges: log(['resolve', 10], ['assign', 12], ['resolve', 29]),
      at: 29,
      from: 'resolve_event',
    },
    {
      says: 'the change of status where the log is silent too',
      of: facts({ resolvedAtMs: undefined }),
      stateChanges: [],
      at: 30,
      from: 'state_change',
    },
  ])('takes as end $says', ({ of, stateChanges, at, from }) => {
    const { resolvedAtMs, endKnownFrom, intervals } = made(of, stateChanges);

    expect({ resolvedAtMs, endKnownFrom }).toEqual({ resolvedAtMs: minute(at), endKnownFrom: from });
    expect(intervals.at(-1)?.closedAtMs).toBe(minute(at));
  });

  it('rejects a resolved incident of which nothing tells the end', () => {
    const rejection = buildIncident(
      facts({ resolvedAtMs: undefined, statusChangedAtMs: undefined }),
      log(['acknowledge', 1]),
    );

    expect(rejection).toMatchObject({ id: 'Q1', key: 'Q1', reason: 'end_unknown' });
  });

  it('does not take the last change of status of an open incident for its end', () => {
    const incident = made(facts({ ...open, statusChangedAtMs: minute(20) }), []);

    expect(incident.resolvedAtMs).toBeUndefined();
    expect(incident.endKnownFrom).toBeUndefined();
    expect(incident.intervals).toEqual([{ openedAtMs: AT }]);
  });

  it.each([
    { says: 'a person', stateChanges: log(['resolve', 30]), auto: false },
    { says: 'a time-out or a machine', stateChanges: log(['resolve_auto', 30]), auto: true },
    {
      says: 'the last of two ends',
      stateChanges: log(['resolve', 10], ['assign', 15], ['resolve_auto', 30]),
      auto: true,
    },
    { says: 'nobody, as far as the log tells', stateChanges: [], auto: undefined },
  ])('was ended by $says', ({ stateChanges, auto }) => {
    expect(made(facts(), stateChanges).autoResolved).toBe(auto);
  });

  it('lists escalations in order of time, each entry once', () => {
    const [first, second] = log(['escalate', 20], ['escalate', 5]);

    const incident = made(
      facts(),
      [first, second, first].filter((one) => one !== undefined),
    );

    expect(incident.escalatedAtMs).toEqual([minute(5), minute(20)]);
  });

  it.each([
    {
      says: 'a change of state between two ends is a reopening',
      of: facts(),
      stateChanges: log(['trigger', 0], ['resolve', 10], ['assign', 20], ['acknowledge', 21], ['resolve', 30]),
      spans: [
        [0, 10],
        [20, 30],
      ],
    },
    {
      says: 'a change of state after an end is a reopening while the incident is open',
      of: facts(open),
      stateChanges: log(['resolve', 10], ['acknowledge', 20]),
      spans: [[0, 10], [20]],
    },
    {
      says: 'an entry after the final end is no reopening',
      of: facts(),
      stateChanges: log(['resolve', 30], ['assign', 31], ['acknowledge', 40]),
      spans: [[0, 30]],
    },
    {
      says: 'an acknowledgement in the second of the end is no reopening',
      of: facts(open),
      stateChanges: log(['acknowledge', 10], ['resolve', 10], ['assign', 20]),
      spans: [[0, 10], [20]],
    },
    {
      says: 'an incident that is open although its log closed it was reopened when it was last changed',
      of: facts(open),
      stateChanges: log(['resolve', 10]),
      spans: [[0, 10], [90]],
    },
    {
      says: 'an end that the log does not have closes the last span',
      of: facts(),
      stateChanges: log(['resolve', 10], ['assign', 20]),
      spans: [
        [0, 10],
        [20, 30],
      ],
    },
    {
      says: 'two ends without a reopening between them are one span up to the last',
      of: facts(),
      stateChanges: log(['resolve', 10]),
      spans: [[0, 30]],
    },
  ])('$says', ({ of, stateChanges, spans }) => {
    const { intervals, reopenedAtMs } = made(of, stateChanges);

    expect(
      intervals.map(({ openedAtMs, closedAtMs }) => [openedAtMs, closedAtMs].filter((ms) => ms !== undefined)),
    ).toEqual(spans.map((span) => span.map(minute)));
    expect(reopenedAtMs).toEqual(spans.slice(1).map(([from = 0]) => minute(from)));
  });

  it('keeps a merged incident as such', () => {
    expect(made(facts({ merged: true }), []).merged).toBe(true);
  });

  it('has the same fingerprint for the same trouble with other numbers', () => {
    const one = made(facts({ title: 'pod web-7f9c4 restarted 3 times' }), []);
    const other = made(facts({ title: 'pod web-88a1b restarted 12 times' }), []);

    expect(one.fingerprint).toBe(other.fingerprint);
  });
});

const KINDS: readonly StateChangeKind[] = [
  'trigger',
  'acknowledge',
  'acknowledge_by_machine',
  'unacknowledge',
  'escalate',
  'assign',
  'resolve',
  'resolve_auto',
];
const signal = fc
  .record({ number: fc.nat(30), at: fc.integer({ min: -5, max: 100 }), kind: fc.constantFrom(...KINDS) })
  .map(({ number, at, kind }): StateChange => ({ subject: 'Q1', id: `R${number}`, atMs: minute(at), kind }));
const stateChanges = fc.uniqueArray(signal, { selector: ({ id }) => id, maxLength: 12 });
const anyFacts = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map((at) => facts({ resolvedAtMs: minute(at), updatedAtMs: minute(at) })),
  fc.integer({ min: 0, max: 100 }).map((at) => facts({ resolvedAtMs: undefined, statusChangedAtMs: minute(at) })),
  fc.constant(facts({ ...open, updatedAtMs: minute(101) })),
);

describe('a log entry becomes a signal that tells what happened, not who did it', () => {
  const line = { id: 'R1', atMs: AT, incidentId: 'Q1', incident: {}, byPerson: true, byTimeout: false };

  it.each([
    { type: 'trigger_log_entry', by: {}, kind: 'trigger' },
    { type: 'acknowledge_log_entry', by: {}, kind: 'acknowledge' },
    { type: 'acknowledge_log_entry', by: { byPerson: false }, kind: 'acknowledge_by_machine' },
    { type: 'resolve_log_entry', by: {}, kind: 'resolve' },
    { type: 'resolve_log_entry', by: { byPerson: false }, kind: 'resolve_auto' },
    { type: 'resolve_log_entry', by: { byTimeout: true }, kind: 'resolve_auto' },
    { type: 'escalate_log_entry', by: {}, kind: 'escalate' },
    { type: 'annotate_log_entry', by: {}, kind: undefined },
    { type: 'a_type_of_tomorrow', by: {}, kind: undefined },
  ])('$type $by', ({ type, by, kind }) => {
    const told = toStateChange({ ...line, type, ...by });

    expect(told).toEqual(kind === undefined ? undefined : { subject: 'Q1', id: 'R1', atMs: AT, kind });
  });
});

describe('several lists that show one incident', () => {
  it.each([
    { says: 'first', order: [90, 10] },
    { says: 'last', order: [10, 90] },
  ])('the newest is believed, were it read $says', ({ order }) => {
    const findings = createPollBuffer();

    for (const at of order) addIncidents(findings, { records: [facts({ updatedAtMs: minute(at) })], rejected: [] });

    expect(findings.records.get('Q1')?.updatedAtMs).toBe(minute(90));
  });
});

describe('whatever the log', () => {
  it('order and repetition of its entries change nothing', () => {
    const shuffled = stateChanges.chain((one) =>
      fc.tuple(
        fc.constant(one),
        fc.shuffledSubarray([...one, ...one], { minLength: one.length * 2, maxLength: one.length * 2 }),
      ),
    );

    fc.assert(
      fc.property(anyFacts, shuffled, (of, [one, other]) => {
        expect(buildIncident(of, other)).toEqual(buildIncident(of, one));
      }),
    );
  });

  it('spans follow one another, begin at the trigger and end at the end', () => {
    fc.assert(
      fc.property(anyFacts, stateChanges, (of, entries) => {
        const { intervals, resolvedAtMs } = made(of, entries);
        const stamps = intervals.flatMap(({ openedAtMs, closedAtMs }) => [openedAtMs, closedAtMs]);
        const known = stamps.filter((ms) => ms !== undefined);

        expect(stamps[0]).toBe(AT);
        expect(stamps.at(-1)).toBe(resolvedAtMs);
        expect(known).toEqual([...known].sort((a, b) => a - b));
        expect(known.length).toBeGreaterThanOrEqual(stamps.length - 1);
      }),
    );
  });

  it('an incident that comes back from the store is assembled to the same again', () => {
    fc.assert(
      fc.property(anyFacts, stateChanges, (of, entries) => {
        const incident = made(of, entries);
        const again = toRecord(incident);

        expect(again && buildIncident(again, entries)).toEqual(incident);
      }),
    );
  });

  it('entries that come in two parts make the incident that all at once make', () => {
    fc.assert(
      fc.property(anyFacts, stateChanges, fc.nat(12), (of, entries, cut) => {
        fc.pre(of.status !== 'resolved' || of.resolvedAtMs !== undefined);
        const stored = toRecord(made(of, entries.slice(0, cut)));

        expect(stored && buildIncident(stored, entries)).toEqual(buildIncident(of, entries));
      }),
    );
  });
});
