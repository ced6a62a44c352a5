import { describe, expect, it } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../../src/model/time.ts';
import { datadog as platform } from '../../src/providers/datadog/platform.ts';
import { declared as datadog } from './declared/datadog.ts';
import { declaredStage, HISTORY_START_MS, NOW_MS, readAnswer } from './declared-stage.ts';
import { event, simulated } from './opsgenie-stage.ts';
import { impatientClock, providerConfig, silentObserver } from './setup.ts';

const attributes = {
  public_id: 1,
  title: 'checkout down',
  state: 'resolved',
  severity: 'SEV-1',
  created: '2026-10-20T09:00:00+00:00',
  detected: '2026-10-20T09:01:00+00:00',
  modified: '2026-10-20T09:41:10+00:00',
  resolved: '2026-10-20T09:41:10+00:00',
  time_to_resolve: 2470,
  customer_impacted: true,
  is_test: false,
  fields: { services: { type: 'autocomplete', value: ['checkout'] }, root: { type: 'dropdown', value: 'network' } },
};
const START_MS = Date.parse(attributes.created);
const record = (changed: object) => ({
  id: '00000000-0000-0000-1234-000000000000',
  type: 'incidents',
  attributes: { ...attributes, ...changed },
});
const pagination = { offset: 0, next_offset: 1, size: 1 };
const read = async (changed: object) => {
  const incidents = [{ data: record(changed) }];
  const data = { type: 'incidents_search_results', attributes: { facets: {}, incidents, total: 1 } };
  return [...(await readAnswer(datadog, { data, meta: { pagination } })).incidents.values()][0];
};

describe('the Datadog provider', () => {
  it.each([
    { says: 'inside data, as the search sends them', body: undefined },
    { says: 'as lists send them', body: { data: [record({})], meta: { pagination } } },
  ])('reads records $says, and agrees with time_to_resolve', async ({ body }) => {
    const incident = body === undefined ? await read({}) : [...(await readAnswer(datadog, body)).incidents.values()][0];

    expect(incident).toMatchObject({
      status: 'resolved',
      triggeredAtMs: START_MS,
      resolvedAtMs: START_MS + attributes.time_to_resolve * 1000,
      severity: { priority: 'SEV-1' },
      serviceName: 'checkout',
      url: 'https://app.datadoghq.com/incidents/1',
    });
  });

  it('takes the start and the end of the impact of customers', async () => {
    const changed = { customer_impact_start: '2026-10-20T08:50:00+00:00', customer_impact_end: attributes.detected };

    expect(await read(changed)).toMatchObject({
      startedAtMs: START_MS - 10 * MINUTE_MS,
      mitigatedAtMs: START_MS + MINUTE_MS,
    });
  });

  it.each([
    { says: 'a test', changed: { is_test: true } },
    { says: 'archived', changed: { archived: attributes.resolved } },
  ])('excludes $says', async ({ changed }) => {
    expect(await read(changed)).toMatchObject({ exclusion: 'flagged' });
  });

  it('has no severity where it is unknown, and calls a stable incident mitigated', async () => {
    expect(await read({ severity: 'UNKNOWN', state: 'stable', resolved: null })).toMatchObject({
      status: 'mitigated',
      severity: { priority: undefined },
    });
  });

  it('reads no further back than its history, newest first', async () => {
    const { world, poll, ...stage } = await declaredStage(datadog);
    const times = Array.from({ length: 450 }, (_, index) => NOW_MS - index * DAY_MS);
    for (const [index, triggeredAtMs] of times.entries()) {
      const events = [event('resolve', triggeredAtMs + MINUTE_MS)];
      world.incidents.push(simulated(`D${index}`, { triggeredAtMs: triggeredAtMs - MINUTE_MS, events }));
    }

    const asked = await poll();

    // One page reaches back 100 days, and the history 30.
    expect(asked).toHaveLength(2);
    const oldestMs = Math.min(...[...stage.memory.incidents.values()].map(({ triggeredAtMs }) => triggeredAtMs));
    expect(stage.memory.incidents.size).toBe(30);
    expect(oldestMs).toBeGreaterThanOrEqual(HISTORY_START_MS);
    await stage.close();
  });

  it.each(['datadoghq.com.attacker.example', 'attacker.example/', 'evil-datadoghq.com'])(
    'takes no site %s, which would get the keys',
    (site) => {
      const settings = { api_key: 'a', application_key: 'b', site };
      const config = providerConfig('datadog', { settings });

      expect(() => platform.create(config, { clock: impatientClock(NOW_MS), observer: silentObserver })).toThrow(
        'expected a site of Datadog',
      );
    },
  );
});
