import { afterEach, describe, expect, it } from 'vitest';
import { startCloudwatchFake } from '../../../src/simulator/cloudwatch.ts';
import type { World } from '../../../src/simulator/world.ts';
import { faults, isModelThere } from '../../simulator/cloudwatch-model.ts';
import { alarm, createCloudwatchProvider, withCredentials } from '../cloudwatch-stage.ts';
import { createMemoryKnown, pollInto } from '../memory-known.ts';
import { impatientClock, silentObserver, startTap } from '../setup.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);

withCredentials();

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** Two polls, between which an alarm is deleted: every question is asked. */
async function everyRequest() {
  const changes = Array.from({ length: 130 }, (_, index) => ({
    atMs: NOW_MS - (131 - index) * 60_000,
    state: index % 2 === 0 ? ('OK' as const) : ('ALARM' as const),
  }));
  const world: World = { incidents: [], alarms: [alarm('one', changes)] };
  const fake = await startCloudwatchFake(world, { nowMs: () => NOW_MS });
  const provider = createCloudwatchProvider(fake.url, {}, { clock: impatientClock(NOW_MS), observer: silentObserver });
  opened.push(fake, provider);
  const memory = createMemoryKnown();
  await pollInto(memory, provider, { nowMs: NOW_MS, historyStartMs: NOW_MS - 86_400_000 });
  world.alarms = [];
  await pollInto(memory, provider, { nowMs: NOW_MS, historyStartMs: NOW_MS - 86_400_000 });
  return fake.requests.map(({ headers, body }) => ({
    operation: String(headers['x-amz-target']).split('.')[1] ?? '',
    body: JSON.parse(body) as Record<string, unknown>,
  }));
}

describe('what CloudWatch is asked', () => {
  it.runIf(isModelThere)('agrees with its model', async () => {
    const requests = await everyRequest();

    expect(requests.flatMap(({ operation, body }) => faults(body, `${operation}Input`, operation))).toEqual([]);
    expect(requests.some(({ body }) => 'NextToken' in body)).toBe(true);
  });

  it('reads, and does nothing else', async () => {
    const requests = await everyRequest();

    expect(new Set(requests.map(({ operation }) => operation))).toEqual(
      new Set(['DescribeAlarms', 'DescribeAlarmHistory', 'ListTagsForResource']),
    );
  });

  it('names all types of alarms, and takes the largest pages', async () => {
    const requests = await everyRequest();

    const lists = requests.filter(({ operation }) => operation !== 'ListTagsForResource');
    for (const { body } of lists) {
      expect(body).toMatchObject({ AlarmTypes: ['MetricAlarm', 'CompositeAlarm', 'LogAlarm'], MaxRecords: 100 });
    }
  });
});

describe('an answer of DescribeAlarms', () => {
  async function pollThrough(alarms: readonly ReturnType<typeof alarm>[], isBlank: (asked: string) => boolean) {
    const world: World = { incidents: [], alarms: [...alarms] };
    const fake = await startCloudwatchFake(world, { nowMs: () => NOW_MS });
    const tap = await startTap(fake.url, ({ asked, status, body }) => ({ status, body: isBlank(asked) ? {} : body }));
    const dependencies = { clock: impatientClock(NOW_MS), observer: silentObserver };
    const provider = createCloudwatchProvider(tap.url, {}, dependencies);
    opened.push(fake, tap, provider);
    const memory = createMemoryKnown();
    const poll = () => pollInto(memory, provider, { nowMs: NOW_MS, historyStartMs: NOW_MS - 86_400_000 });
    return { world, memory, poll };
  }
  const fired = { atMs: NOW_MS - 120_000, state: 'ALARM' } as const;

  it('may leave out the lists that are empty when it is asked which alarms fire', async () => {
    const ended = { atMs: NOW_MS - 60_000, state: 'OK' } as const;
    const { memory, poll } = await pollThrough([alarm('one', [fired, ended])], (asked) =>
      asked.includes('"StateValue":"ALARM"'),
    );

    await poll();

    expect([...memory.incidents.values()].map(({ resolvedAtMs }) => resolvedAtMs)).toEqual([NOW_MS - 60_000]);
  });

  it('without any list is no ground to take an alarm that was asked for by name as deleted', async () => {
    const { world, memory, poll } = await pollThrough([alarm('one', [fired])], (asked) => asked.includes('AlarmNames'));
    await poll();
    world.alarms = [];

    await expect(poll()).rejects.toThrow('DescribeAlarms answered in another shape: expected lists of alarms');

    expect([...memory.incidents.values()].map(({ status }) => status)).toEqual(['triggered']);
  });
});
