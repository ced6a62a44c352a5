import { afterEach, describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { readTags } from '../../src/providers/cloudwatch/tags.ts';
import { opsgenie } from '../../src/providers/opsgenie/platform.ts';
import { pagerduty } from '../../src/providers/pagerduty/platform.ts';
import { OPSGENIE_FAKE_KEY, startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { World } from '../../src/simulator/world.ts';
import { createMemoryKnown, pollInto } from './memory-known.ts';
import { impatientClock, providerConfig, silentObserver } from './setup.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

function worldOf(): World {
  const incidents = [40, 20, 1].map((days) => ({
    id: `P${days}`,
    title: `P${days} is down`,
    service: { id: 'S1', name: 'checkout' },
    team: { id: 'T1', name: 'payments' },
    priority: 'P2',
    urgency: 'high' as const,
    triggeredAtMs: NOW_MS - days * DAY_MS,
    events:
      days === 1 ? [] : [{ kind: 'resolve' as const, atMs: NOW_MS - days * DAY_MS + HOUR_MS, by: 'person' as const }],
  }));
  return { incidents, alarms: [] };
}

type Sources = Pick<ProviderConfig, 'team'> & {
  readonly severity: readonly string[];
  readonly services: readonly string[];
};

const PLATFORMS = [
  {
    type: 'pagerduty',
    platform: pagerduty,
    start: startPagerdutyFake,
    settings: { api_key: PAGERDUTY_FAKE_KEY, region: 'us' },
    from: {
      severity: ['field:service.summary'],
      services: ['field:urgency', 'service'],
      team: { from: ['field:status'] },
    },
    gives: { severity: { priority: 'P2', tag: 'checkout' }, serviceName: 'high', team: 'resolved' },
  },
  {
    type: 'opsgenie',
    platform: opsgenie,
    start: startOpsgenieFake,
    settings: { api_key: OPSGENIE_FAKE_KEY, region: 'us', source: 'alerts' },
    from: { severity: ['tag:service', 'priority'], services: ['field:status'], team: { from: ['field:priority'] } },
    gives: { severity: { priority: 'P2', tag: 'checkout' }, serviceName: 'closed', team: 'P2' },
  },
] as const;

describe.each(PLATFORMS)('$type', ({ type, platform, start, settings, from, gives }) => {
  async function stage() {
    const time = { nowMs: NOW_MS };
    const fake = await start(worldOf(), { nowMs: () => time.nowMs });
    opened.push(fake);
    const memory = createMemoryKnown();
    const poll = async (sources?: Sources, rest = {}) => {
      const plain = providerConfig(type, { baseUrl: fake.url, settings, services: { tag: 'service', rename: [] } });
      const config = sources === undefined ? plain : withSources(plain, sources);
      const provider = platform.create(config, { clock: impatientClock(time.nowMs), observer: silentObserver });
      try {
        await pollInto(memory, provider, { nowMs: time.nowMs, historyStartMs: NOW_MS - 60 * DAY_MS, ...rest });
      } finally {
        await provider.close();
      }
    };
    return { time, fake, memory, poll };
  }

  it('reads severity, service and team from where the configuration says', async () => {
    const { memory, poll } = await stage();

    await poll(from);

    expect(memory.incidents.get('P40')).toMatchObject(gives);
  });

  it('reads the history again when that changes, and not once more after that', async () => {
    const { time, fake, memory, poll } = await stage();
    await poll();
    const before = memory.incidents.get('P40');

    time.nowMs += MINUTE_MS;
    await poll(from);
    const after = memory.incidents.get('P40');
    time.nowMs += MINUTE_MS;
    const requests = fake.requests.length;
    await poll(from);
    const quiet = fake.requests.length - requests;
    time.nowMs += MINUTE_MS;
    await poll();

    expect(before).toMatchObject({ serviceName: 'checkout', team: 'payments' });
    expect(after).toMatchObject(gives);
    expect(quiet).toBeLessThan(8);
    expect(memory.incidents.get('P40')).toEqual(before);
    expect(memory.incidents.size).toBe(3);
  });
});

function withSources(config: ProviderConfig, { severity, services, team }: Sources): ProviderConfig {
  return {
    ...config,
    severity: { ...config.severity, from: severity },
    services: { ...config.services, from: services },
    team,
  };
}

describe('the tags of an alarm', () => {
  const tags = new Map([
    ['service', 'checkout'],
    ['app', 'shop'],
    ['level', 'sev1'],
  ]);
  const config = providerConfig('cloudwatch', {});

  it.each([
    { severity: ['tag:level'], services: ['tag:app'], is: { severityTag: 'sev1', service: 'shop', team: undefined } },
    { severity: ['tag:none'], services: ['tag:none', 'service'], is: { severityTag: undefined, service: 'checkout' } },
    { severity: ['tag:level'], services: ['service'], team: { from: ['tag:app'] }, is: { team: 'shop' } },
  ])('give $is', ({ is, team, ...sources }) => {
    const labels = readTags(tags, 'cpu', {
      service: 'service',
      severity: undefined,
      sources: withSources(config, { ...sources, team }),
    });

    expect(labels).toMatchObject(is);
  });
});
