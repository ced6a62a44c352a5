import { describe, expect, it } from 'vitest';
import { readOutages, readReplay, replayWorld } from '../../src/simulator/replay.ts';
import { isThere, outagesText, readExpected } from '../outages.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 9, 0, 0, 250);

function line(rest: Record<string, unknown> = {}): string {
  const triggeredAt = '2026-08-20T10:00:00Z';
  const resolvedAt = '2026-08-20T10:19:00Z';
  return JSON.stringify({ id: 'one', service: 'shop "1"', severity: 'critical', triggeredAt, resolvedAt, ...rest });
}

const OPEN = line({
  id: 'two',
  service: 'blog',
  severity: 'low',
  triggeredAt: '2026-08-21T10:00:00Z',
  resolvedAt: null,
});

describe('a file of outages is replayed', () => {
  it('moves all outages by the same time so that the last resolve is now', () => {
    const later = line({ id: 'three', resolvedAt: '2026-08-22T10:00:00Z' });

    const world = readReplay([line(), OPEN, later].join('\n'), 'outages.ndjson', NOW_MS);

    const [one, two, three] = world.incidents;
    expect(three?.events[0]?.atMs).toBe(NOW_MS);
    expect(three?.triggeredAtMs).toBe(NOW_MS - 48 * 3_600_000);
    expect(one?.triggeredAtMs).toBe(NOW_MS - 48 * 3_600_000);
    expect(one?.events[0]?.atMs).toBe(NOW_MS - 48 * 3_600_000 + 19 * 60_000);
    expect(two?.triggeredAtMs).toBe(NOW_MS - 24 * 3_600_000);
  });

  it('takes a trigger for the last instant where it is', () => {
    const world = readReplay([line(), OPEN].join('\n'), 'outages.ndjson', NOW_MS);

    expect(world.incidents[1]).toMatchObject({ triggeredAtMs: NOW_MS, events: [] });
  });

  it('passes id, service and severity on as they are and invents nobody who answered', () => {
    const { incidents, alarms } = replayWorld(readOutages([line(), OPEN].join('\n'), 'outages.ndjson'));

    expect(alarms).toEqual([]);
    expect(incidents).toMatchObject([
      {
        id: 'one',
        service: { name: 'shop "1"' },
        priority: 'critical',
        triggeredAtMs: Date.parse('2026-08-20T10:00:00Z'),
        events: [{ kind: 'resolve', atMs: Date.parse('2026-08-20T10:19:00Z'), by: 'integration' }],
      },
      { id: 'two', service: { name: 'blog' }, priority: 'low', events: [] },
    ]);
    expect(incidents.every(({ team }) => team === undefined)).toBe(true);
  });

  it('gives outages of one service one service, and each service an id of its own', () => {
    const text = [line(), OPEN, line({ id: 'three' })].join('\n');

    const { incidents } = replayWorld(readOutages(text, 'outages.ndjson'));

    expect(incidents[2]?.service).toBe(incidents[0]?.service);
    expect(incidents[1]?.service.id).not.toBe(incidents[0]?.service.id);
  });

  it('passes over empty lines, other fields and endings of other systems', () => {
    const text = `\n${line({ note: 'unknown here' })}\r\n\r\n   \n${OPEN}\n`;

    const outages = readOutages(text, 'outages.ndjson');

    expect(outages.map(({ id }) => id)).toEqual(['one', 'two']);
  });

  it('reads instants with an offset or a fraction, and an outage of no length', () => {
    const instants = { triggeredAt: '2026-08-20T12:00:00.5+02:00', resolvedAt: '2026-08-20T10:00:00.500Z' };

    const [outage] = readOutages(line(instants), 'outages.ndjson');

    const atMs = Date.UTC(2026, 7, 20, 10, 0, 0, 500);
    expect(outage).toMatchObject({ triggeredAtMs: atMs, resolvedAtMs: atMs });
  });
});

describe('a line that is wrong is named with what was expected', () => {
  const INSTANT = 'expected an instant such as 2026-08-21T09:30:00Z';

  it.each([
    { wrong: 'id: one', says: 'not JSON: expected one object a line, got "id: one"' },
    { wrong: '[1]', says: 'expected a JSON object, got [1]' },
    { wrong: 'null', says: 'expected a JSON object, got null' },
    { wrong: line({ id: undefined }), says: 'id is missing: expected a text that is not empty' },
    { wrong: line({ id: 7 }), says: 'id is 7: expected a text that is not empty' },
    { wrong: line({ service: ' ' }), says: 'service is " ": expected a text that is not empty' },
    { wrong: line({ severity: null }), says: 'severity is null: expected a text that is not empty' },
    { wrong: line({ triggeredAt: undefined }), says: `triggeredAt is missing: ${INSTANT}` },
    { wrong: line({ triggeredAt: 1790000000 }), says: `triggeredAt is 1790000000: ${INSTANT}` },
    { wrong: line({ triggeredAt: '2026-08-20 10:00' }), says: `triggeredAt is "2026-08-20 10:00": ${INSTANT}` },
    { wrong: line({ triggeredAt: '2026-02-31T10:00:00Z' }), says: `triggeredAt is "2026-02-31T10:00:00Z": ${INSTANT}` },
    { wrong: line({ resolvedAt: undefined }), says: `resolvedAt is missing: ${INSTANT}, or null while it is open` },
    { wrong: line({ resolvedAt: 'soon' }), says: `resolvedAt is "soon": ${INSTANT}, or null while it is open` },
    {
      wrong: line({ resolvedAt: '2026-08-20T09:59:59Z' }),
      says: 'resolvedAt "2026-08-20T09:59:59Z" is before triggeredAt "2026-08-20T10:00:00Z": expected the same instant or a later one',
    },
    { wrong: OPEN, says: 'id "two" stands on line 1 too: expected an id of its own' },
  ])('says $says', ({ wrong, says }) => {
    const read = () => readReplay(`${OPEN}\n\n${wrong}\n`, 'my outages.ndjson', NOW_MS);

    expect(read).toThrow(`my outages.ndjson:3: ${says}`);
  });

  it('shows no more than the beginning of a long line', () => {
    const read = () => readOutages('x'.repeat(100_000), 'outages.ndjson');

    expect(read).toThrow(/got "x{59}…$/);
  });

  it('says that a file is empty', () => {
    const read = () => readReplay('\n\n', 'outages.ndjson', NOW_MS);

    expect(read).toThrow('outages.ndjson: no outages: expected one JSON object a line');
  });
});

if (!isThere) console.warn('the real outages are not there (../shared/data/outages): reading them is skipped');

describe.skipIf(!isThere)('the real outages', () => {
  it('are read whole: 3,846 of 297 services, 80 still open, with the recoveries that were computed elsewhere', () => {
    const text = outagesText();

    const { incidents } = readReplay(text, 'outages.ndjson', NOW_MS);

    const ended = incidents.flatMap(({ events, triggeredAtMs }) => events.map(({ atMs }) => atMs - triggeredAtMs));
    const lastMs = Math.max(
      ...incidents.flatMap(({ events, triggeredAtMs }) => [triggeredAtMs, ...events.map((e) => e.atMs)]),
    );
    const expected = readExpected<Expected>();
    const meanMinutes = ended.reduce((sum, ms) => sum + ms, 0) / ended.length / 60_000;
    expect(incidents).toHaveLength(3846);
    expect(new Set(incidents.map(({ service }) => service.id)).size).toBe(297);
    expect(ended).toHaveLength(3846 - 80);
    expect(lastMs).toBe(NOW_MS);
    expect(meanMinutes).toBeCloseTo(expected.overall.mean, 5);
  });
});

interface Expected {
  readonly overall: { readonly mean: number };
}
