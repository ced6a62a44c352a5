import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { PAGERDUTY_FAKE_KEY, type PagerdutyFakeOptions, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { SimulatedIncident, World } from '../../src/simulator/world.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

function incident(id: string, overrides: Partial<SimulatedIncident> = {}): SimulatedIncident {
  return {
    id,
    title: `${id} is down`,
    service: { id: 'PSVC1', name: 'checkout' },
    urgency: 'high',
    triggeredAtMs: NOW_MS - HOUR_MS,
    events: [],
    ...overrides,
  };
}

async function ask(world: World, options: PagerdutyFakeOptions = {}) {
  const fake = await startPagerdutyFake(world, { nowMs: () => NOW_MS, ...options });
  opened.push(fake);
  return async (
    path: string,
    headers: Record<string, string> = { authorization: `Token token=${PAGERDUTY_FAKE_KEY}` },
  ) => {
    const answer = await fetch(`${fake.url}${path}`, { headers });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? '' : JSON.parse(text) };
  };
}

function many(count: number): World {
  const stepMs = Math.floor((20 * DAY_MS) / count);
  const incidents = Array.from({ length: count }, (_, index) =>
    incident(`Q${index}`, { triggeredAtMs: NOW_MS - 20 * DAY_MS + index * stepMs }),
  );
  return { incidents, alarms: [] };
}

describe('the PagerDuty fake keeps the rules of the platform', () => {
  it('refuses a wrong key, and a right one in another form', async () => {
    const get = await ask(many(1));

    const answers = await Promise.all([
      get('/incidents', {}),
      get('/incidents', { authorization: `Bearer ${PAGERDUTY_FAKE_KEY}` }),
      get('/incidents', { authorization: 'Token token=other' }),
    ]);

    expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual([
      [401, 2006],
      [401, 2006],
      [401, 2006],
    ]);
  });

  it('gives 25 records, 100 at most, and counts them only when asked', async () => {
    const get = await ask(many(130));

    const [plain, greedy, counted] = await Promise.all([
      get('/incidents'),
      get('/incidents?limit=500'),
      get('/incidents?limit=100&offset=100&total=true'),
    ]);

    expect(plain.body).toMatchObject({ limit: 25, offset: 0, total: null, more: true });
    expect(plain.body.incidents).toHaveLength(25);
    expect(greedy.body).toMatchObject({ limit: 100, more: true });
    expect(counted.body).toMatchObject({ limit: 100, offset: 100, total: 130, more: false });
    expect(counted.body.incidents).toHaveLength(30);
  });

  it('answers no offset beyond 10000, in the words of the platform', async () => {
    const get = await ask(many(10_100));
    const range = `since=${new Date(NOW_MS - 25 * DAY_MS).toISOString()}&until=${new Date(NOW_MS).toISOString()}`;

    const last = await get(`/incidents?${range}&limit=100&offset=9900`);
    const beyond = await get(`/incidents?${range}&limit=100&offset=9901`);

    expect(last.status).toBe(200);
    expect(beyond.status).toBe(400);
    expect(beyond.body).toEqual({
      error: {
        message: 'Arguments Caused Error',
        code: 2002,
        errors: [
          'Offset+limit exceeds maximum allowed value of 10000. Please try to refine your search to reduce the returned set of records below this number, like adding a date range.',
        ],
      },
    });
  });

  it('shows one month where a bound is missing, and refuses more than six months', async () => {
    const world = many(0);
    for (const days of [10, 45, 100, 200]) {
      world.incidents.push(incident(`Q${days}`, { triggeredAtMs: NOW_MS - days * DAY_MS }));
    }
    const get = await ask(world);
    const at = (days: number) => new Date(NOW_MS - days * DAY_MS).toISOString();
    const ids = (answer: { body: { incidents: { id: string }[] } }) => answer.body.incidents.map(({ id }) => id);

    const [none, since, until, all, wide] = await Promise.all([
      get('/incidents'),
      get(`/incidents?since=${at(110)}`),
      get(`/incidents?until=${at(40)}`),
      get(`/incidents?date_range=all&since=${at(20)}`),
      get(`/incidents?since=${at(200)}&until=${at(0)}`),
    ]);

    expect(ids(none)).toEqual(['Q10']);
    expect(ids(since)).toEqual(['Q100']);
    expect(ids(until)).toEqual(['Q45']);
    expect(ids(all)).toEqual(['Q10', 'Q45', 'Q100', 'Q200']);
    expect([wide.status, wide.body.error.code]).toEqual([400, 2005]);
  });

  it('takes a bound without a zone, and writes a log without one, in the zone of the account', async () => {
    const get = await ask({ incidents: [incident('Q1')], alarms: [] });
    const [from, to] = [NOW_MS - 2 * HOUR_MS, NOW_MS].map((ms) => new Date(ms).toISOString().replace('Z', ''));

    const [zoned, zoneless, log, logInUtc] = await Promise.all([
      get(`/incidents?since=${from}Z&until=${to}Z`),
      get(`/incidents?since=${from}&until=${to}`),
      get('/log_entries'),
      get('/log_entries?time_zone=UTC'),
    ]);

    expect(zoned.body.incidents).toHaveLength(1);
    expect(zoneless.body.incidents).toHaveLength(0);
    expect(log.body.log_entries[0].created_at).toBe('2026-11-02T20:00:00+09:00');
    expect(logInUtc.body.log_entries[0].created_at).toBe('2026-11-02T11:00:00Z');
  });

  it('empties the list of acknowledgements when an incident is resolved', async () => {
    const acknowledge = { kind: 'acknowledge', atMs: NOW_MS - 50 * MINUTE_MS, by: 'person' } as const;
    const resolve = { kind: 'resolve', atMs: NOW_MS - 10 * MINUTE_MS, by: 'person' } as const;
    const events = [acknowledge, resolve];
    let nowMs = NOW_MS - 30 * MINUTE_MS;
    const get = await ask({ incidents: [incident('Q1', { events })], alarms: [] }, { nowMs: () => nowMs });

    const before = await get('/incidents/Q1');
    nowMs = NOW_MS;
    const after = await get('/incidents/Q1');

    expect(before.body.incident).toMatchObject({ status: 'acknowledged', resolved_at: null });
    expect(before.body.incident.acknowledgements).toHaveLength(1);
    expect(after.body.incident).toMatchObject({ status: 'resolved', acknowledgements: [], assignments: [] });
    expect(after.body.incident.resolved_at).toBe('2026-11-02T11:50:00Z');
  });

  it('drops notifications from an overview and puts incidents into a log only when asked', async () => {
    const get = await ask({ incidents: [incident('Q1')], alarms: [] });
    const types = (answer: { body: { log_entries: { type: string }[] } }) =>
      answer.body.log_entries.map(({ type }) => type);

    const [whole, overview, embedded] = await Promise.all([
      get('/log_entries'),
      get('/log_entries?is_overview=true'),
      get('/log_entries?is_overview=true&include[]=incidents'),
    ]);

    expect(types(whole)).toEqual(['notify_log_entry', 'trigger_log_entry']);
    expect(types(overview)).toEqual(['trigger_log_entry']);
    expect(overview.body.log_entries[0].incident.type).toBe('incident_reference');
    expect(embedded.body.log_entries[0].incident).toMatchObject({ type: 'incident', status: 'triggered' });
  });

  it('answers 404 for what is deleted and 403 for what is forbidden, and lists neither', async () => {
    const world = {
      incidents: [incident('Q1', { deletedAtMs: NOW_MS }), incident('Q2', { forbidden: true })],
      alarms: [],
    };
    const get = await ask(world);

    const [deleted, forbidden, list, log] = await Promise.all([
      get('/incidents/Q1'),
      get('/incidents/Q2'),
      get('/incidents'),
      get('/log_entries'),
    ]);

    expect([deleted.status, deleted.body.error.code]).toEqual([404, 5001]);
    expect([forbidden.status, forbidden.body.error.code]).toEqual([403, 2018]);
    expect(list.body.incidents).toEqual([]);
    expect(log.body.log_entries).toEqual([]);
  });

  it('tells its limit in headers and refuses beyond it, with or without saying when to come back', async () => {
    const get = await ask(many(1), { perMinute: 2 });
    const bare = await ask(many(1), { perMinute: 1, bareThrottling: true });

    const answers = [await get('/incidents'), await get('/incidents'), await get('/incidents')];
    const bareAnswers = [await bare('/incidents'), await bare('/incidents')];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[0]?.headers.get('ratelimit-remaining')).toBe('1');
    expect(answers[2]?.body).toEqual({ error: { message: 'Rate Limit Exceeded', code: 2020 } });
    expect(Number(answers[2]?.headers.get('ratelimit-reset'))).toBeGreaterThan(0);
    expect(bareAnswers[1]?.status).toBe(429);
    expect(bareAnswers[1]?.headers.get('ratelimit-reset')).toBeNull();
  });

  it('shows a change of the world at once', async () => {
    const world: World = { incidents: [incident('Q1')], alarms: [] };
    const get = await ask(world);
    await get('/incidents');
    const [first] = world.incidents;
    if (first !== undefined) {
      first.title = 'renamed';
      first.events = [{ kind: 'resolve', atMs: NOW_MS - MINUTE_MS, by: 'timeout' }];
    }
    world.incidents.push(incident('Q2', { triggeredAtMs: NOW_MS - MINUTE_MS }));

    const [list, log] = await Promise.all([
      get('/incidents?sort_by=created_at:asc'),
      get('/log_entries?is_overview=true'),
    ]);

    expect(list.body.incidents.map(({ title, status }: { title: string; status: string }) => [title, status])).toEqual([
      ['renamed', 'resolved'],
      ['Q2 is down', 'triggered'],
    ]);
    expect(log.body.log_entries).toHaveLength(3);
  });
});
