import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import type { RequestObserver } from '../../src/http/request-observer.ts';
import type { Incident } from '../../src/model/incident.ts';
import { DAY_MS, MINUTE_MS } from '../../src/model/time.ts';
import { cloudwatch } from '../../src/providers/cloudwatch/platform.ts';
import type { Provider, ProviderDependencies } from '../../src/providers/provider.ts';
import { type CloudwatchFakeOptions, startCloudwatchFake } from '../../src/simulator/cloudwatch.ts';
import type { SimulatedAlarm, World } from '../../src/simulator/world.ts';
import { createMemoryKnown, pollInto } from './memory-known.ts';
import { impatientClock, providerConfig, silentObserver } from './setup.ts';

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example-secret',
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;

/** Gives the default chain of credentials something that is no secret, for one test file. */
export function withCredentials(): void {
  const before = new Map(Object.keys(CREDENTIALS).map((name) => [name, process.env[name]]));
  beforeAll(() => {
    Object.assign(process.env, CREDENTIALS);
  });
  afterAll(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
}

/** A provider made by the platform object that asks `url` for `regions`, tags included. */
export function createCloudwatchProvider(
  url: string,
  { regions = ['eu-west-1'], ...overrides }: Partial<ProviderConfig> & { regions?: readonly string[] },
  dependencies: ProviderDependencies,
): Provider {
  const base = providerConfig('cloudwatch', overrides);
  const config: ProviderConfig = {
    ...base,
    baseUrl: url,
    severity: { ...base.severity, tag: 'severity' },
    services: { ...base.services, tag: 'service' },
    settings: { regions, role_arn: '', external_id: '', profile: '' },
  };
  return cloudwatch.create(config, dependencies);
}

type Change = SimulatedAlarm['changes'][number];

/** A metric alarm of eu-west-1 by default. */
export function alarm(name: string, changes: readonly Change[], rest: Partial<SimulatedAlarm> = {}): SimulatedAlarm {
  return { region: 'eu-west-1', name, kind: 'MetricAlarm', tags: {}, changes, ...rest };
}

export const NOW_MS: number = Date.UTC(2026, 10, 2, 12);

export interface StageOptions extends CloudwatchFakeOptions {
  readonly regions?: readonly string[];
  readonly rateLimit?: { requests: number; perMs: number };
  readonly observer?: RequestObserver;
}

/** Alarms in a fake, a provider that asks it, and a store in memory; `time.nowMs` is everybody's now. */
export async function stage(alarms: readonly SimulatedAlarm[], options: StageOptions = {}) {
  const { regions = ['eu-west-1'], rateLimit, observer = silentObserver, ...fakeOptions } = options;
  const world: World = { incidents: [], alarms: [...alarms] };
  const time = { nowMs: NOW_MS };
  const fake = await startCloudwatchFake(world, { nowMs: () => time.nowMs, ...fakeOptions });
  onTestFinished(() => fake.close());
  const warned: string[] = [];
  const clock = { ...impatientClock(NOW_MS), nowMs: () => time.nowMs };
  const log = { warn: (message: string) => warned.push(message) };
  const overrides = { regions, ...(rateLimit === undefined ? {} : { rateLimit }) };
  const provider = createCloudwatchProvider(fake.url, overrides, { clock, observer, log });
  onTestFinished(() => provider.close());
  const memory = createMemoryKnown();
  const poll = (rest: { signal?: AbortSignal } = {}) =>
    pollInto(memory, provider, { nowMs: time.nowMs, historyStartMs: time.nowMs - 210 * DAY_MS, ...rest });
  const asked = (action: string) =>
    fake.requests.filter(({ headers }) => headers['x-amz-target'] === `GraniteServiceVersion20100801.${action}`);
  return { world, time, fake, memory, poll, asked, warned };
}

export type Staged = Awaited<ReturnType<typeof stage>>;

export const minutes = (count: number) => NOW_MS + count * MINUTE_MS;
export const ALARM = (atMinute: number, shownAfterMs = 0) =>
  ({ atMs: minutes(atMinute), state: 'ALARM', shownAfterMs }) as const;
export const OK = (atMinute: number, shownAfterMs = 0) =>
  ({ atMs: minutes(atMinute), state: 'OK', shownAfterMs }) as const;
export const NO_DATA = (atMinute: number) => ({ atMs: minutes(atMinute), state: 'INSUFFICIENT_DATA' }) as const;

export function change(world: World, name: string, change: SimulatedAlarm['changes'][number]): void {
  const found = world.alarms.find((one) => one.name === name && one.deletedAtMs === undefined);
  if (found !== undefined) found.changes = [...found.changes, change];
}

/** The stored incidents: `name@minutes status minutes`. */
export function storedIncidents({ memory }: Staged): string[] {
  const words = ({ title, triggeredAtMs, status, resolvedAtMs, exclusion }: Incident) => {
    const at = (ms: number) => (ms - NOW_MS) / MINUTE_MS;
    const end = resolvedAtMs === undefined ? '' : ` ${at(resolvedAtMs)}`;
    return `${title}@${at(triggeredAtMs)} ${exclusion ?? status}${end}`;
  };
  return [...memory.incidents.values()].map(words).sort();
}
