import { existsSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { afterEach, describe, expect, it } from 'vitest';
import { OPSGENIE_FAKE_KEY, type OpsgenieFakeOptions, startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import type { World } from '../../src/simulator/world.ts';
import { event, NOW_MS, simulated } from './opsgenie-stage.ts';

const SPECIFICATION = new URL('../../../shared/contracts/specs/opsgenie-swagger2.json', import.meta.url);
const HOUR_MS = 3_600_000;
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** Asks a fake of so many alerts, one an hour, of which every second one was closed after 10 minutes. */
async function asking(count: number, options: OpsgenieFakeOptions = {}) {
  const incidents = Array.from({ length: count }, (_, index) => {
    const triggeredAtMs = NOW_MS - (count - index) * HOUR_MS;
    const ended = [event('acknowledge', triggeredAtMs + 15_702), event('resolve', triggeredAtMs + 600_000)];
    return simulated(`a-${index}`, { triggeredAtMs, events: index % 2 === 0 ? ended : [] });
  });
  const world: World = { incidents, alarms: [] };
  const fake = await startOpsgenieFake(world, { nowMs: () => NOW_MS, ...options });
  opened.push(fake);
  const ask = async (path: string, key = OPSGENIE_FAKE_KEY) => {
    const answer = await fetch(new URL(path, fake.url), { headers: { authorization: `GenieKey ${key}` } });
    return { status: answer.status, headers: answer.headers, body: JSON.parse(await answer.text()) };
  };
  return { world, ask };
}

const idsOf = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id);

describe('the Opsgenie fake keeps the rules of the platform', () => {
  it('refuses another key', async () => {
    const { ask } = await asking(1);

    const { status, body } = await ask('/v2/alerts', 'wrong');

    expect(status).toBe(401);
    expect(body).toMatchObject({ message: 'Could not authenticate', took: expect.any(Number) });
  });

  it('shows 20 alerts where no limit is given, the newest first, and says that there are more', async () => {
    const { ask } = await asking(45);

    const { body, headers } = await ask('/v2/alerts');

    expect(idsOf(body)).toEqual(Array.from({ length: 20 }, (_, index) => `a-${44 - index}`));
    expect(body.paging.next).toContain('offset=20');
    expect(headers.get('x-paging-next')).toBe(body.paging.next);
  });

  it('names no next page at the end', async () => {
    const { ask } = await asking(45);

    const { body } = await ask('/v2/alerts?limit=20&offset=40');

    expect(body.data).toHaveLength(5);
    expect(body.paging.next).toBeUndefined();
  });

  it.each([
    { says: 'a page beyond the cap', path: '/v2/alerts?limit=100&offset=19901', field: 'offset' },
    { says: 'more than 100 at once', path: '/v2/alerts?limit=101', field: 'limit' },
    { says: 'incidents sorted by change', path: '/v1/incidents?query=status:open&sort=updatedAt', field: 'sort' },
    { says: 'incidents without a query', path: '/v1/incidents', field: 'query' },
    { says: 'a search by change', path: '/v2/alerts?query=updatedAt > 5', field: 'query' },
  ])('refuses $says with 422 and the field', async ({ path, field }) => {
    const { ask } = await asking(1);

    const { status, body } = await ask(path);

    expect(status).toBe(422);
    expect(Object.keys(body.errors)).toEqual([field]);
    expect(body).toMatchObject({ message: expect.any(String), requestId: expect.any(String) });
  });

  it('answers the last page under the cap', async () => {
    const { ask } = await asking(1);

    const { status } = await ask('/v2/alerts?limit=100&offset=19900');

    expect(status).toBe(200);
  });

  it('searches by creation in milliseconds and in seconds, and by status', async () => {
    const { ask } = await asking(10);
    const [from, to] = [NOW_MS - 6 * HOUR_MS, NOW_MS - 3 * HOUR_MS];

    const inMs = await ask(`/v2/alerts?order=asc&query=createdAt >= ${from} AND createdAt < ${to}`);
    const inSeconds = await ask(`/v2/alerts?order=asc&query=createdAt >= ${from / 1000} AND createdAt < ${to / 1000}`);
    const open = await ask(`/v2/alerts/count?query=status:open AND createdAt >= ${from} AND createdAt < ${to}`);

    expect(idsOf(inMs.body)).toEqual(['a-4', 'a-5', 'a-6']);
    expect(idsOf(inSeconds.body)).toEqual(['a-4', 'a-5', 'a-6']);
    expect(open.body.data.count).toBe(1);
  });

  it('sorts alerts by their last change', async () => {
    const { ask, world } = await asking(10);
    const [oldest] = world.incidents;
    if (oldest !== undefined) oldest.events = [...oldest.events, event('escalate', NOW_MS - 5)];

    const { body } = await ask('/v2/alerts?sort=updatedAt&order=desc&limit=2');

    expect(idsOf(body)).toEqual(['a-0', 'a-9']);
  });

  it('reports how long an alert took, not when, and never opens a closed one again', async () => {
    const { ask, world } = await asking(1);
    const [first] = world.incidents;
    if (first !== undefined) first.events = [...first.events, event('reopen', NOW_MS - 60_000)];

    const { body } = await ask('/v2/alerts?order=asc');

    expect(body.data).toMatchObject([
      { id: 'a-0', status: 'closed', report: { ackTime: 15_702, closeTime: 600_000 } },
      { id: 'a-0-again-1', status: 'open', createdAt: new Date(NOW_MS - 60_000).toISOString() },
    ]);
  });

  it('tells the end of an incident in its timeline only', async () => {
    const { ask } = await asking(1);

    const incident = await ask('/v1/incidents/a-0');
    const timeline = await ask('/v2/incident-timelines/a-0/entries?group=incident');

    expect(JSON.stringify(incident.body)).not.toContain(new Date(NOW_MS - HOUR_MS + 600_000).toISOString());
    expect(timeline.body.data.entries).toContainEqual(
      expect.objectContaining({
        type: 'IncidentResolved',
        eventTime: new Date(NOW_MS - HOUR_MS + 600_000).toISOString(),
      }),
    );
  });

  it('throttles with its own headers, or with none', async () => {
    const told = await asking(1, { perMinute: 1 });
    const bare = await asking(1, { perMinute: 1, bareThrottling: true });

    const [first, second] = [await told.ask('/v2/alerts'), await told.ask('/v2/alerts')];
    await bare.ask('/v2/alerts');
    const third = await bare.ask('/v2/alerts');

    expect(first.headers.get('x-ratelimit-state')).toBe('OK');
    expect(second.status).toBe(429);
    expect(second.headers.get('x-ratelimit-state')).toBe('THROTTLED');
    expect(Number(second.headers.get('x-ratelimit-period-in-sec'))).toBeGreaterThan(0);
    expect([third.status, third.headers.get('x-ratelimit-state')]).toEqual([429, null]);
  });
});

describe.skipIf(!existsSync(SPECIFICATION))(
  'answers of the fake fit the published schema (needs ../shared/contracts)',
  () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    formats.default(ajv);

    it.each([
      { path: '/v2/alerts?limit=100', schema: 'ListAlertsResponse' },
      { path: '/v2/alerts/a-0', schema: 'GetAlertResponse' },
      { path: '/v2/alerts/a-1', schema: 'GetAlertResponse' },
      { path: '/v2/alerts/count', schema: 'GetCountAlertsResponse' },
      { path: '/v2/alerts/a-0/logs', schema: 'ListAlertLogsResponse' },
      { path: '/v1/incidents?query=status:*&limit=100', schema: 'ListIncidentsResponse' },
      { path: '/v1/incidents/a-0', schema: 'GetIncidentResponse' },
      { path: '/v2/teams', schema: 'ListTeamsResponse' },
      { path: '/v2/alerts?limit=1000', schema: 'ErrorResponse' },
      { path: '/v2/alerts/none', schema: 'ErrorResponse' },
    ])('$path as $schema', async ({ path, schema }) => {
      const { ask } = await asking(6);
      if (ajv.getSchema('opsgenie') === undefined) {
        ajv.addSchema(JSON.parse(readFileSync(SPECIFICATION, 'utf8')), 'opsgenie');
      }
      const check = ajv.compile({ $ref: `opsgenie#/definitions/${schema}` });

      const { body } = await ask(path);
      check(body);

      expect(check.errors ?? []).toEqual([]);
      expect(check({ ...body, requestId: 5 })).toBe(false);
    });
  },
);
