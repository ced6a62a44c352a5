import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startCloudwatchFake } from '../../src/simulator/cloudwatch.ts';
import { OPSGENIE_FAKE_KEY, startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { Fake, FakeOptions } from '../../src/simulator/platform.ts';
import type { SimulatedAlarm, World } from '../../src/simulator/world.ts';
import { HOUR_MS, MINUTE_MS, told } from '../metrics/stage.ts';
import { writeIn } from './process.ts';

/** What happened on three platforms; changed by a test as it goes. */
export interface Worlds {
  readonly pagerduty: World;
  readonly opsgenie: World;
  readonly cloudwatch: World;
}

const SERVICES = ['checkout', 'search', 'payments', 'mail'];
const PRIORITIES = ['P1', 'P2', 'P3', 'nobody knows'];

/** Every three hours an incident, back to 87 days ago, and an alarm, back to 25 days ago; no stamp comes near the edge of a window of whole days. */
export function inventWorlds(nowMs: number): Worlds {
  const at = (index: number) => Math.floor((nowMs - HOUR_MS - index * 3 * HOUR_MS) / 1000) * 1000;
  const incidents = (prefix: string) =>
    Array.from({ length: 700 }, (_, index) =>
      told({
        id: `${prefix}${index}`,
        service: SERVICES[index % 4] ?? '',
        priority: PRIORITIES[index % 3] ?? '',
        triggeredAtMs: at(index),
        ...(index % 5 === 0 ? {} : { acknowledged: 2 }),
        ...(index % 7 === 0 ? { escalated: [5] } : {}),
        ...(index % 50 === 1 ? {} : { resolved: 20 + (index % 17) }),
      }),
    );
  const alarms = Array.from({ length: 40 }, (_, number): SimulatedAlarm => {
    const ends = [0, 1, 2, 3, 4].map((turn) => at(number * 5 + turn)).reverse();
    const changes = ends.flatMap((atMs) => [
      { atMs, state: 'ALARM' as const },
      { atMs: atMs + (10 + number) * MINUTE_MS, state: 'OK' as const },
    ]);
    const tags = { service: SERVICES[number % 4] ?? '', severity: PRIORITIES[number % 3] ?? '' };
    return { region: 'eu-west-1', name: `alarm ${number}`, kind: 'MetricAlarm', tags, changes };
  });
  return {
    pagerduty: { incidents: incidents('Q'), alarms: [] },
    opsgenie: { incidents: incidents('og-'), alarms: [] },
    cloudwatch: { incidents: [], alarms },
  };
}

/** Something new on each platform: it begins with the next second and is over with the one after. */
export function liveOn(worlds: Worlds, turn: number): void {
  const triggeredAtMs = Math.ceil(Date.now() / 1000) * 1000;
  const minutes = (seconds: number) => seconds / 60;
  for (const [prefix, world] of [
    ['QL', worlds.pagerduty],
    ['og-l', worlds.opsgenie],
  ] as const) {
    const story = { acknowledged: minutes(0.25), escalated: [minutes(0.5)], resolved: minutes(1) };
    world.incidents = [
      ...world.incidents,
      told({ id: `${prefix}${turn}`, service: SERVICES[turn % 4] ?? '', priority: 'P1', triggeredAtMs, ...story }),
    ];
  }
  worlds.cloudwatch.alarms = worlds.cloudwatch.alarms.map((alarm, number) =>
    number === turn
      ? {
          ...alarm,
          changes: [
            ...alarm.changes,
            { atMs: triggeredAtMs, state: 'ALARM' },
            { atMs: triggeredAtMs + 1000, state: 'OK' },
          ],
        }
      : alarm,
  );
}

export interface Platforms {
  readonly fakes: readonly Fake[];
  /** Requests that came so far. */
  asked(): number;
  /** Writes a configuration for them into the folder; gives its path. */
  configure(folder: string, more?: string): string;
}

/** Fakes of the three platforms over these worlds, until the test ends. */
export async function startPlatforms(worlds: Worlds, options: FakeOptions = {}): Promise<Platforms> {
  const pagerduty = await startPagerdutyFake(worlds.pagerduty, options);
  const opsgenie = await startOpsgenieFake(worlds.opsgenie, options);
  const cloudwatch = await startCloudwatchFake(worlds.cloudwatch, options);
  const fakes = [pagerduty, opsgenie, cloudwatch];
  onTestFinished(async () => {
    for (const fake of fakes) await fake.close();
  });
  const text = (folder: string, more: string) => `providers:
  - { name: pd, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${pagerduty.url}", poll_interval: 1s, rate_limit: 1000/s }
  - { name: og, type: opsgenie, api_key: ${OPSGENIE_FAKE_KEY}, base_url: "${opsgenie.url}", poll_interval: 1s, rate_limit: 1000/s }
  - { name: aws, type: cloudwatch, regions: [eu-west-1], base_url: "${cloudwatch.url}", poll_interval: 1s, rate_limit: 1000/s, overall: false }
windows: [1d, 7d, 30d]
groupings: [all, severity, service, "service,severity", provider]
metrics: { new_series_hold: 0s }
store: { path: "${join(folder, 's.db')}" }
${more}`;
  return {
    fakes,
    asked: () => fakes.reduce((sum, { requests }) => sum + requests.length, 0),
    configure: (folder, more = '') => writeIn(folder, 'c.yml', text(folder, more)),
  };
}
