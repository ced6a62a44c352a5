import { expect, it } from 'vitest';
import { listIncidents } from '../../src/app/api/incidents.ts';
import type { Incident } from '../../src/model/incident.ts';
import type { IncidentsQuery } from '../../src/server/api/queries.ts';
import { incident, MINUTE_MS, START_MS } from '../poller/stage.ts';
import { type StoredIncidents, storeOf } from './api-stage.ts';

const ALL: IncidentsQuery = { limit: 1000 };

/** Resolved after so many minutes. */
function over(id: string, minutes: number, change: Partial<Incident> = {}): Incident {
  const triggeredAtMs = change.triggeredAtMs ?? START_MS - 100 * MINUTE_MS;
  return incident(id, { triggeredAtMs, resolvedAtMs: triggeredAtMs + minutes * MINUTE_MS, ...change });
}

function idsOf(stored: StoredIncidents, question: IncidentsQuery): string[] {
  const { incidents } = listIncidents(stored.open(), question);
  return incidents.map(({ id }) => id);
}

it('tells an incident with its stamps, durations and what it is judged by, and without its title', () => {
  const triggeredAtMs = START_MS - 100 * MINUTE_MS;
  const acknowledgedAtMs = triggeredAtMs + 3 * MINUTE_MS;
  const stored = storeOf([
    over('Q1', 40, {
      acknowledgedAtMs,
      url: 'https://a.example/Q1',
      endKnownFrom: 'resolve_event',
      autoResolved: true,
    }),
  ]);

  const answer = listIncidents(stored.open(), ALL);

  expect(JSON.parse(JSON.stringify(answer))).toEqual({
    incidents: [
      {
        provider: 'pagerduty',
        id: 'Q1',
        url: 'https://a.example/Q1',
        service: 'checkout',
        severity: 'P1',
        team: 'none',
        status: 'resolved',
        triggered_at: '2026-02-28T22:20:00.000Z',
        acknowledged_at: '2026-02-28T22:23:00.000Z',
        resolved_at: '2026-02-28T23:00:00.000Z',
        updated_at: '2026-02-28T22:20:00.000Z',
        end_known_from: 'resolve_event',
        auto_resolved: true,
        recovery_minutes: 40,
        acknowledgement_minutes: 3,
        within_target: false,
        intervals: [{ opened_at: '2026-02-28T22:20:00.000Z', closed_at: '2026-02-28T23:00:00.000Z' }],
      },
    ],
  });
});

it.each([
  { says: 'merged', change: { merged: true }, more: '', excluded: 'merged' },
  { says: 'expired', change: { exclusion: 'expired' as const }, more: '', excluded: 'expired' },
  { says: 'flaky', change: { exclusion: 'flaky' as const }, more: '', excluded: 'flaky' },
  { says: 'of a severity outside', change: {}, more: ', filter: { severities: [P2] }', excluded: 'filter' },
  { says: 'called so', change: {}, more: ', filter: { exclude_titles: ["down"] }', excluded: 'exclude_titles' },
  { says: 'too short', change: {}, more: ', filter: { shorter_than: 41m }', excluded: 'shorter_than' },
  { says: 'long enough', change: {}, more: ', filter: { shorter_than: 40m }', excluded: undefined },
])('says why one is left out that is $says', ({ change, more, excluded }) => {
  const stored = storeOf([over('Q1', 40, change)], more);

  const { incidents } = listIncidents(stored.open(), ALL);

  expect(incidents.map((one) => one.excluded)).toEqual([excluded]);
});

it('finds one incident by its id, within the other parameters', () => {
  const stored = storeOf([over('Q1', 1), over('Q2', 1), incident('Q3')]);

  expect(idsOf(stored, { ...ALL, id: 'Q2' })).toEqual(['Q2']);
  expect(idsOf(stored, { ...ALL, id: 'Q2', status: 'open' })).toEqual([]);
  expect(idsOf(stored, { ...ALL, id: 'Q9' })).toEqual([]);
});

it('counts as open what is open: neither what was deleted nor what was merged', () => {
  const stored = storeOf([incident('Q1'), incident('Q2', { merged: true }), incident('Q3'), over('Q4', 1)]);
  stored.tell([], ['Q3']);

  const open = idsOf(stored, { ...ALL, status: 'open' });
  const resolved = idsOf(stored, { ...ALL, status: 'resolved' });
  const { incidents } = listIncidents(stored.open(), ALL);

  expect([open, resolved]).toEqual([['Q1'], ['Q4']]);
  expect(incidents.find(({ id }) => id === 'Q3')?.excluded).toBe('deleted');
});

it('tells each once, page by page, while others come: also of one instant', () => {
  const ids = Array.from({ length: 23 }, (_, index) => `Q${index}`);
  const stored = storeOf(ids.map((id, index) => over(id, 5, { triggeredAtMs: START_MS - (index % 4) * MINUTE_MS })));
  const seen: string[] = [];

  for (let cursor: string | undefined, turn = 0; turn === 0 || cursor !== undefined; turn += 1) {
    const page = listIncidents(stored.open(), { limit: 5, cursor });
    seen.push(...page.incidents.map(({ id }) => id));
    cursor = page.next_cursor;
    stored.tell([over(`later ${turn}`, 1, { triggeredAtMs: START_MS })]);
  }

  expect(seen.filter((id) => id.startsWith('Q')).toSorted((a, b) => a.localeCompare(b))).toEqual(
    ids.toSorted((a, b) => a.localeCompare(b)),
  );
  expect(new Set(seen).size).toBe(seen.length);
});

it('gives no cursor on a last page that is full', () => {
  const stored = storeOf([over('Q1', 1), over('Q2', 1)]);

  const { incidents, next_cursor: cursor } = listIncidents(stored.open(), { limit: 2 });

  expect(incidents).toHaveLength(2);
  expect(cursor).toBeUndefined();
});

it.each([
  { from: '2026-02-28', to: undefined, ids: ['Q3', 'Q2'] },
  { from: undefined, to: '2026-02-27', ids: ['Q1'] },
  { from: '2026-02-28T00:00:00Z', to: '2026-02-28T00:00:00.001Z', ids: [] },
  { from: '24h', to: undefined, ids: ['Q3'] },
])('takes those triggered from $from to $to', ({ from, to, ids }) => {
  const at = (time: string) => ({ triggeredAtMs: Date.parse(time) });
  const stored = storeOf([
    over('Q1', 1, at('2026-02-27T23:59:59.999Z')),
    over('Q2', 1, at('2026-02-28T00:00:00.000Z')),
    over('Q3', 1, at('2026-02-28T12:00:00.000Z')),
  ]);

  const found = idsOf(stored, { ...ALL, from, to });

  expect(found).toEqual(ids);
});

it.each([
  { question: { service: 'chekout' }, says: 'service: "chekout" is unknown; did you mean "checkout"?' },
  { question: { severity: 'P9' }, says: 'severity: "P9" is unknown; did you mean "P1"?' },
  { question: { provider: 'og' }, says: 'provider: "og" is unknown (known: pagerduty)' },
  { question: { from: '2026-04-01' }, says: 'from: "2026-04-01" is in the future' },
  { question: { from: '1d', to: 'soon' }, says: 'to: "soon" is not a time' },
  { question: { cursor: 'x' }, says: 'cursor: invalid; expected next_cursor of the preceding page' },
])('says what is wrong with $question', ({ question, says }) => {
  const stored = storeOf([over('Q1', 1)]);

  const answer = () => listIncidents(stored.open(), { ...ALL, ...question });

  expect(answer).toThrow(expect.objectContaining({ message: expect.stringContaining(says) }));
});

it('finds a severity by its title, and nothing of a severity that had nothing', () => {
  const stored = storeOf([over('Q1', 1)]);

  const critical = idsOf(stored, { ...ALL, severity: 'critical' });
  const low = idsOf(stored, { ...ALL, severity: 'P4' });

  expect([critical, low]).toEqual([['Q1'], []]);
});
