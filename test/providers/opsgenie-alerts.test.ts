import nock from 'nock';
import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { opsgenie } from '../../src/providers/opsgenie/platform.ts';
import { OPSGENIE_PEOPLE } from '../../src/simulator/opsgenie/wire.ts';
import type { SimulatedIncident } from '../../src/simulator/world.ts';
import { createMemoryKnown, pollInto } from './memory-known.ts';
import { createOpsgenieProvider, event, NOW_MS, simulated, stageOf } from './opsgenie-stage.ts';
import { providerConfig, startTap } from './setup.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const at = (minutesAgo: number) => NOW_MS - minutesAgo * MINUTE_MS;

/** So many alerts that ended, evenly over 20 days. */
function ended(count: number): SimulatedIncident[] {
  const stepMs = Math.floor((20 * DAY_MS) / count);
  return Array.from({ length: count }, (_, index) => {
    const triggeredAtMs = NOW_MS - 21 * DAY_MS + index * stepMs;
    return simulated(`a-${index}`, { triggeredAtMs, events: [event('resolve', triggeredAtMs + 30 * MINUTE_MS)] });
  });
}

describe('an Opsgenie alert becomes an incident', () => {
  it('takes acknowledgement and end from durations since the creation', async () => {
    const events = [event('acknowledge', at(60) + 15_702), event('resolve', at(60) + 60_503)];
    const { memory, poll } = await stageOf('alerts', [simulated('a', { triggeredAtMs: at(60), events })], { opened });

    await poll();

    expect(memory.incidents.get('a')).toMatchObject({
      status: 'resolved',
      triggeredAtMs: at(60),
      acknowledgedAtMs: at(60) + 15_702,
      resolvedAtMs: at(60) + 60_503,
      endKnownFrom: 'report_duration',
      intervals: [{ openedAtMs: at(60), closedAtMs: at(60) + 60_503 }],
      serviceId: 'checkout',
      serviceName: 'checkout',
      team: 'payments',
      severity: { priority: 'P2' },
    });
  });

  it('has no acknowledgement when it was closed without one', async () => {
    const alert = simulated('a', { triggeredAtMs: at(60), events: [event('resolve', at(30))] });
    const { memory, poll } = await stageOf('alerts', [alert], { opened });

    await poll();

    expect(memory.incidents.get('a')).toMatchObject({ status: 'resolved', resolvedAtMs: at(30) });
    expect(memory.incidents.get('a')?.acknowledgedAtMs).toBeUndefined();
  });

  it('is acknowledged only while the acknowledgement stands, and keeps when it was first', async () => {
    const events = [event('acknowledge', at(50))];
    const stage = await stageOf('alerts', [simulated('a', { triggeredAtMs: at(60), events })], { opened });
    await stage.poll();
    const before = stage.memory.incidents.get('a');
    stage.time.nowMs += MINUTE_MS;
    for (const one of stage.world.incidents) one.events = [...one.events, event('unacknowledge', stage.time.nowMs)];

    await stage.poll();

    expect(before).toMatchObject({ status: 'acknowledged', acknowledgedAtMs: at(50) });
    expect(stage.memory.incidents.get('a')).toMatchObject({ status: 'triggered', acknowledgedAtMs: at(50) });
  });

  it('is one incident however many events were counted into it', async () => {
    const alerts = Array.from({ length: 5 }, (_, index) => simulated(`a-${index}`));
    const { fake, memory, poll } = await stageOf('alerts', alerts, { opened });
    const tap = await startTap(fake.url);
    opened.push(tap);

    await poll({ with: createOpsgenieProvider('alerts', tap.url) });

    expect(tap.sent.join('')).toContain('"count":5');
    expect(memory.incidents.size).toBe(5);
  });

  it('is a new incident of the same trouble when it happens again', async () => {
    const events = [event('resolve', at(50)), event('reopen', at(40))];
    const alert = simulated('a', { triggeredAtMs: at(60), alias: 'checkout-5xx', events });
    const { memory, poll } = await stageOf('alerts', [alert], { opened });

    await poll();

    expect([...memory.incidents.values()].map(({ id, status }) => [id, status])).toEqual([
      ['a', 'resolved'],
      ['a-again-1', 'triggered'],
    ]);
    expect(new Set([...memory.incidents.values()].map(({ fingerprint }) => fingerprint))).toEqual(
      new Set(['checkout-5xx']),
    );
  });

  it('is known by service and title where its alias is only its own id', async () => {
    const title = 'disk 97 % full on web-0af31';
    const { memory, poll } = await stageOf(
      'alerts',
      [simulated('a', { title }), simulated('b', { title: 'disk 98 % full on web-9bc02' })],
      { opened },
    );

    await poll();

    expect(memory.incidents.get('a')?.fingerprint).toBe(memory.incidents.get('b')?.fingerprint);
    expect(memory.incidents.get('a')?.fingerprint).toContain('disk');
  });

  it('takes the severity tag where it is configured and there, and the priority otherwise', async () => {
    const severity = { from: [], tag: 'severity', map: new Map(), default: 'P3' };
    const incidents = [simulated('tagged', { priority: 'SEV-1' }), simulated('bare', { priority: undefined })];
    const { memory, poll } = await stageOf('alerts', incidents, { opened });

    await poll({ config: { severity } });

    expect(memory.incidents.get('tagged')?.severity).toEqual({ tag: 'SEV-1' });
    expect(memory.incidents.get('bare')?.severity).toEqual({ priority: 'P3' });
  });

  it('has no service without the tag, and no tag is kept that nobody named', async () => {
    const { memory, poll } = await stageOf('alerts', [simulated('a', { service: { id: '', name: '' } })], { opened });

    await poll();

    expect(memory.incidents.get('a')).toMatchObject({ serviceId: '', serviceName: '' });
    expect(JSON.stringify(memory.incidents.get('a'))).not.toContain('prod');
  });
});

describe('what an Opsgenie list does not tell', () => {
  it('is asked for by the id of an alert that is closed without a report', async () => {
    const alert = simulated('a', { triggeredAtMs: at(60), events: [event('resolve', at(30))] });
    const { memory, asked, poll } = await stageOf('alerts', [alert], { opened, options: { reportsMissing: true } });

    await poll();

    expect(memory.incidents.get('a')?.resolvedAtMs).toBe(at(30));
    expect(asked()).toContain('/v2/alerts/a?identifierType=id');
  });

  it('is an unknown end when the alert does not tell either, and is asked for again', async () => {
    const alert = simulated('a', { triggeredAtMs: at(60), events: [event('resolve', at(30))] });
    const stage = await stageOf('alerts', [alert], { opened });
    let isSilent = true;
    const tap = await startTap(stage.fake.url, ({ path, status, body }) =>
      isSilent && path.startsWith('/v2/alerts') ? { status, body: withoutReports(body) } : { status, body },
    );
    opened.push(tap);
    const provider = createOpsgenieProvider('alerts', tap.url);
    opened.push(provider);
    await stage.poll({ with: provider });
    const rejected = [...stage.memory.rejected.values()];
    isSilent = false;
    stage.time.nowMs += DAY_MS;

    await stage.poll({ with: provider });

    expect(rejected).toMatchObject([{ id: 'a', reason: 'end_unknown' }]);
    expect(stage.memory.incidents.get('a')?.resolvedAtMs).toBe(at(30));
    expect(stage.memory.rejected.size).toBe(0);
  });
});

function restoreNetwork(): void {
  nock.cleanAll();
  nock.enableNetConnect();
  nock.restore();
}

function withoutReports(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body, (key, value) => (key === 'report' ? undefined : value)));
}

describe('how Opsgenie alerts are read', () => {
  it('asks for full pages by our own offsets, never beyond the cap', async () => {
    const { asked, memory, poll } = await stageOf('alerts', ended(250), { opened });

    await poll();

    const lists = asked().filter((one) => one.startsWith('/v2/alerts?'));
    expect(memory.incidents.size).toBe(250);
    expect(lists.every((one) => one.includes('limit=100'))).toBe(true);
    expect(lists.map((one) => Number(/offset=(\d+)/.exec(one)?.[1]))).toEqual([0, 100, 200, 0]);
  });

  it('spends few requests on a first sync beyond the pages that are there', async () => {
    const count = 45_000;
    const { asked, memory, poll } = await stageOf('alerts', ended(count), { opened });

    await poll();

    const [pages, catalogue, open] = [Math.ceil(count / 100), 1, 1];
    expect(memory.incidents.size).toBe(count);
    expect(asked().length).toBeLessThanOrEqual(1.1 * (pages + catalogue + open) + 5);
  });

  it('reads by creation what changed, when more changed than the list by changes can show', async () => {
    const stage = await stageOf('alerts', [], { opened });
    await stage.poll();
    stage.time.nowMs += HOUR_MS;
    const count = 20_050;
    for (let index = 0; index < count; index += 1) {
      const triggeredAtMs = NOW_MS + index;
      const events = [event('resolve', triggeredAtMs + MINUTE_MS)];
      stage.world.incidents.push(simulated(`new-${index}`, { triggeredAtMs, events }));
    }

    await stage.poll();

    expect(stage.memory.incidents.size).toBe(count);
    expect(stage.fake.requests.every(({ status }) => status === 200)).toBe(true);
  });

  it('stops walking where nothing has changed since the last poll', async () => {
    const stage = await stageOf('alerts', ended(500), { opened });
    await stage.poll();
    stage.asked();
    stage.time.nowMs += MINUTE_MS;

    const pages = await stage.poll();

    expect(stage.asked()).toEqual([
      '/v2/teams?',
      '/v2/alerts?sort=updatedAt&order=desc&offset=0&limit=100',
      '/v2/alerts?query=status:open&sort=createdAt&order=asc&offset=0&limit=100',
    ]);
    expect(pages.flatMap(({ incidents }) => incidents)).toEqual([]);
  });

  it('loses nothing when alerts are deleted between a crash and the next start', async () => {
    const stage = await stageOf('alerts', ended(400), { opened });
    await stage.poll({ dieAfterPages: 2 });
    for (const one of stage.world.incidents.slice(0, 30)) one.deletedAtMs = NOW_MS;

    await stage.poll();

    const expected = stage.world.incidents.slice(30).map(({ id }) => id);
    expect(expected.filter((id) => !stage.memory.incidents.has(id))).toEqual([]);
  });

  it('finds what is open however old, and what was older than the history when it ends', async () => {
    const old = simulated('old', { triggeredAtMs: NOW_MS - 300 * DAY_MS });
    const stage = await stageOf('alerts', [old], { opened });
    await stage.poll();
    const before = stage.memory.incidents.get('old')?.status;
    stage.time.nowMs += MINUTE_MS;
    for (const one of stage.world.incidents) one.events = [event('resolve', NOW_MS + 1000)];

    await stage.poll();

    expect(before).toBe('triggered');
    expect(stage.memory.incidents.get('old')?.resolvedAtMs).toBe(NOW_MS + 1000);
  });

  it('reads the whole history again when another tag is configured', async () => {
    const stage = await stageOf('alerts', ended(150), { opened });
    await stage.poll();
    const before = stage.memory.incidents.get('a-0')?.severity;
    stage.time.nowMs += MINUTE_MS;
    const severity = { from: [], tag: 'severity', map: new Map(), default: 'P3' };

    await stage.poll({ config: { severity } });
    stage.asked();
    stage.time.nowMs += MINUTE_MS;
    await stage.poll({ config: { severity } });

    expect(before).toEqual({ priority: 'P2' });
    expect([...stage.memory.incidents.values()].every((one) => one.severity.tag === 'P2')).toBe(true);
    expect(stage.asked().filter((one) => one.includes('createdAt >='))).toEqual([]);
  });

  it('reads the older part when a longer history is wanted, and says where it begins now', async () => {
    const older = simulated('older', { triggeredAtMs: NOW_MS - 50 * DAY_MS, events: [event('resolve', at(60))] });
    const stage = await stageOf('alerts', [older, ...ended(3)], { opened });
    await stage.poll();
    const before = stage.memory.incidents.has('older');
    stage.time.nowMs += DAY_MS;

    await stage.poll({ historyStartMs: NOW_MS - 60 * DAY_MS });

    expect(before).toBe(false);
    expect(stage.memory.incidents.get('older')?.resolvedAtMs).toBe(at(60));
    expect(stage.memory.end).toEqual({ polledUntilMs: stage.time.nowMs, historyStartMs: NOW_MS - 60 * DAY_MS });
  });

  it('keeps the beginning of its history while the wanted one moves on with the clock', async () => {
    const stage = await stageOf('alerts', ended(3), { opened });
    await stage.poll();
    const begin = stage.memory.end?.historyStartMs;
    stage.time.nowMs += 10 * DAY_MS;

    await stage.poll({ historyStartMs: stage.time.nowMs - 30 * DAY_MS });

    expect(stage.memory.end?.historyStartMs).toBe(begin);
  });

  it('takes an alert that is gone for deleted, and keeps one that it may not read any more', async () => {
    const stage = await stageOf('alerts', [simulated('gone'), simulated('secret')], { opened });
    await stage.poll();
    stage.time.nowMs += MINUTE_MS;
    const [gone, secret] = stage.world.incidents;
    if (gone !== undefined) gone.deletedAtMs = stage.time.nowMs;
    if (secret !== undefined) secret.forbidden = true;

    await stage.poll();

    expect([...stage.memory.deletedIds]).toEqual(['gone']);
    expect(stage.memory.incidents.get('secret')?.status).toBe('triggered');
    expect([...stage.memory.rejected.values()]).toMatchObject([{ id: 'secret', reason: 'forbidden' }]);
  });

  it('asks again for few of many forbidden alerts in one poll, for the others in the next ones', async () => {
    const alerts = Array.from({ length: 50 }, (_, index) => simulated(`a-${index}`));
    const stage = await stageOf('alerts', alerts, { opened });
    await stage.poll();
    for (const one of stage.world.incidents) one.forbidden = true;
    stage.time.nowMs += MINUTE_MS;
    await stage.poll();
    stage.asked();
    const singles = new Set<string>();

    for (let round = 0; round < 3; round += 1) {
      stage.time.nowMs += MINUTE_MS;
      await stage.poll();
      const asked = stage.asked().filter((one) => one.startsWith('/v2/alerts/a-'));
      expect(asked).toHaveLength(20);
      for (const one of asked) singles.add(one);
    }

    expect(singles.size).toBe(50);
  });

  it('never lets its cursor pass now, even where the platform is ahead', async () => {
    const stage = await stageOf('alerts', [], { opened });
    await stage.poll();
    const aheadMs = 10 * MINUTE_MS;
    stage.world.incidents.push(simulated('ahead', { triggeredAtMs: NOW_MS + aheadMs }));
    const provider = createOpsgenieProvider('alerts', stage.fake.url);
    opened.push(provider);
    stage.time.nowMs = NOW_MS + aheadMs;

    await pollInto(stage.memory, provider, { nowMs: NOW_MS + MINUTE_MS, historyStartMs: NOW_MS - 30 * DAY_MS });

    expect(stage.memory.incidents.has('ahead')).toBe(true);
    expect(JSON.parse(stage.memory.cursor ?? '{}').newestMs).toBe(NOW_MS + MINUTE_MS);
  });

  it('leaves the team out where the key may not read teams, and learns new teams at once', async () => {
    const refused = await stageOf('alerts', [simulated('a')], { opened, options: { refused: ['/v2/teams'] } });
    const stage = await stageOf('alerts', [simulated('a')], { opened });
    const provider = createOpsgenieProvider('alerts', stage.fake.url);
    opened.push(provider);
    await refused.poll();
    await stage.poll({ with: provider });
    stage.world.incidents.push(simulated('b', { team: { id: 'team-new', name: 'search' }, triggeredAtMs: NOW_MS + 1 }));
    stage.time.nowMs += MINUTE_MS;

    await stage.poll({ with: provider });

    expect(refused.memory.incidents.get('a')?.team).toBeUndefined();
    expect(stage.memory.incidents.get('a')?.team).toBe('payments');
    expect(stage.memory.incidents.get('b')?.team).toBe('search');
  });

  it('lets nothing but what it needs into pages and cursors', async () => {
    const { poll } = await stageOf('alerts', [...ended(30), simulated('open')], { opened });

    const text = JSON.stringify(await poll());

    expect(text).toContain('checkout');
    expect(text).not.toContain('@');
    expect(OPSGENIE_PEOPLE.filter(({ id, name }) => text.includes(id) || text.includes(name))).toEqual([]);
  });

  it('waits for answers that are delayed instead of asking twice', async () => {
    const prompt = await stageOf('alerts', ended(250), { opened });
    const delayed = await stageOf('alerts', ended(250), { opened, options: { latencyMs: 150 } });

    await prompt.poll();
    await delayed.poll();

    expect(delayed.memory.incidents.size).toBe(250);
    expect(delayed.asked().toSorted()).toEqual(prompt.asked().toSorted());
  });

  it('fails when an offset is refused: that is a mistake of ours, not an end of the list', async () => {
    const { fake, memory } = await stageOf('alerts', ended(250), { opened });
    const tap = await startTap(fake.url, ({ query, status, body }) =>
      query.get('offset') === '200'
        ? { status: 422, body: { message: 'Request body is not processable.' } }
        : { status, body },
    );
    const provider = createOpsgenieProvider('alerts', tap.url);
    opened.push(tap, provider);

    const poll = pollInto(memory, provider, { nowMs: NOW_MS, historyStartMs: NOW_MS - 30 * DAY_MS });

    await expect(poll).rejects.toThrow('422');
    expect(memory.end).toBeUndefined();
  });

  it('refuses a cursor that it did not write', async () => {
    const { fake } = await stageOf('alerts', [], { opened });
    const memory = { ...createMemoryKnown(), cursor: '{"phase":"other"}' };
    const provider = createOpsgenieProvider('alerts', fake.url);
    opened.push(provider);

    const poll = pollInto(memory, provider, { nowMs: NOW_MS, historyStartMs: NOW_MS - DAY_MS });

    await expect(poll).rejects.toThrow('the stored cursor of this Opsgenie provider is unreadable');
  });
});

describe('the Opsgenie platform', () => {
  it.each([
    { region: 'us', host: 'https://api.opsgenie.com' },
    { region: 'eu', host: 'https://api.eu.opsgenie.com' },
  ])('asks $host in region $region', async ({ region, host }) => {
    if (!nock.isActive()) nock.activate();
    nock.disableNetConnect();
    const empty = { data: [], paging: {}, took: 0, requestId: 'r' };
    const scope = nock(host, { reqheaders: { authorization: 'GenieKey opsgenie-demo-key' } })
      .get('/v2/teams')
      .reply(200, empty)
      .get('/v2/alerts')
      .query(true)
      .twice()
      .reply(200, empty);
    const provider = createOpsgenieProvider('alerts', undefined, { settings: { region } });
    opened.push(provider, { close: async () => restoreNetwork() });
    const memory = createMemoryKnown();

    await pollInto(memory, provider, { nowMs: NOW_MS, historyStartMs: NOW_MS - DAY_MS });

    expect(scope.isDone()).toBe(true);
    expect(memory.end?.polledUntilMs).toBe(NOW_MS);
  });

  it('is configured by the environment alone where a token is set', () => {
    const none = opsgenie.fromEnvironment({ OPSGENIE_TOKEN: '' });
    const some = opsgenie.fromEnvironment({ OPSGENIE_TOKEN: 'k', OPSGENIE_REGION: 'eu' });

    expect(none).toBeUndefined();
    expect(some).toEqual({ name: 'opsgenie', type: 'opsgenie', api_key: 'k', region: 'eu' });
  });

  it('tells acknowledgements of alerts, and none of incidents', () => {
    const dependencies = {
      clock: { nowMs: () => 0, sleep: async () => {} },
      observer: { onRequest() {}, onThrottled() {}, onBudget() {} },
    };
    const made = (['alerts', 'incidents'] as const).map((source) =>
      opsgenie.create(providerConfig('opsgenie', { settings: { api_key: 'k', source } }), dependencies),
    );
    opened.push(...made);

    expect(made.map(({ capabilities }) => capabilities.acknowledged)).toEqual([true, false]);
    expect(made.map(({ capabilities }) => capabilities.statuses)).toEqual([
      ['triggered', 'acknowledged'],
      ['triggered'],
    ]);
  });
});
