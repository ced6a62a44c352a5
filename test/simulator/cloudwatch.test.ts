import { afterEach, describe, expect, it } from 'vitest';
import { startCloudwatchFake } from '../../src/simulator/cloudwatch.ts';
import type { Fake } from '../../src/simulator/platform.ts';
import type { SimulatedAlarm, World } from '../../src/simulator/world.ts';
import { faults, isModelThere } from './cloudwatch-model.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);
const DAY_S = 86_400;
const NOW_S = NOW_MS / 1000;
const ALL_TYPES = ['MetricAlarm', 'CompositeAlarm', 'LogAlarm'] as const;

let fake: Fake | undefined;
afterEach(async () => fake?.close());

function alarm(name: string, rest: Partial<SimulatedAlarm> = {}): SimulatedAlarm {
  const changes = [
    { atMs: NOW_MS - 3_600_250, state: 'ALARM' },
    { atMs: NOW_MS - 1_800_000, state: 'OK' },
    { atMs: NOW_MS - 900_000, state: 'ALARM' },
  ] as const;
  return { region: 'eu-west-1', name, kind: 'MetricAlarm', tags: { service: 'checkout' }, changes, ...rest };
}

async function start(alarms: SimulatedAlarm[], options: Parameters<typeof startCloudwatchFake>[1] = {}) {
  const world: World = { incidents: [], alarms };
  fake = await startCloudwatchFake(world, { nowMs: () => NOW_MS, ...options });
  return world;
}

type Body = Record<string, unknown> & { AlarmHistoryItems?: Record<string, unknown>[]; NextToken?: string };

async function ask(operation: string, asked: object, region = 'eu-west-1') {
  const response = await fetch(fake?.url ?? '', {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `GraniteServiceVersion20100801.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=KEY/20261102/${region}/monitoring/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(asked),
  });
  const error = response.headers.get('x-amzn-query-error')?.split(';')[0];
  return { status: response.status, error, body: (await response.json()) as Body };
}

describe('the fake of CloudWatch keeps the rules of the platform', () => {
  it('shows the history newest first unless asked, of metric alarms only unless asked', async () => {
    await start([alarm('metric'), alarm('composite', { kind: 'CompositeAlarm' })]);

    const plain = await ask('DescribeAlarmHistory', { HistoryItemType: 'StateUpdate' });
    const asked = await ask('DescribeAlarmHistory', { AlarmTypes: ALL_TYPES, ScanBy: 'TimestampAscending' });

    const stamps = (body: Body) => body.AlarmHistoryItems?.map(({ Timestamp }) => Timestamp) as number[];
    expect(new Set(plain.body.AlarmHistoryItems?.map(({ AlarmType }) => AlarmType))).toEqual(new Set(['MetricAlarm']));
    expect(stamps(plain.body)).toEqual([...stamps(plain.body)].sort((a, b) => b - a));
    expect(stamps(asked.body)).toEqual([...stamps(asked.body)].sort((a, b) => a - b));
    expect(stamps(asked.body)[0]).toBe(NOW_S - 3600.25);
  });

  it('forgets after 30 days, and takes the range that it is asked for', async () => {
    const old = { atMs: NOW_MS - 31 * DAY_S * 1000, state: 'ALARM' } as const;
    await start([alarm('one', { changes: [old, { atMs: NOW_MS - 29 * DAY_S * 1000, state: 'OK' }] })]);

    const all = await ask('DescribeAlarmHistory', { HistoryItemType: 'StateUpdate' });
    const none = await ask('DescribeAlarmHistory', { StartDate: NOW_S - DAY_S, EndDate: NOW_S });

    expect(all.body.AlarmHistoryItems).toHaveLength(1);
    expect(none.body.AlarmHistoryItems).toEqual([]);
  });

  it('gives pages by tokens that belong to one question', async () => {
    await start([alarm('one'), alarm('two')]);
    const question = { HistoryItemType: 'StateUpdate', MaxRecords: 4 };

    const first = await ask('DescribeAlarmHistory', question);
    const second = await ask('DescribeAlarmHistory', { ...question, NextToken: first.body.NextToken });
    const other = await ask('DescribeAlarmHistory', { ...question, MaxRecords: 5, NextToken: first.body.NextToken });
    const invented = await ask('DescribeAlarmHistory', { ...question, NextToken: 'invented' });

    expect([first.body.AlarmHistoryItems?.length, second.body.AlarmHistoryItems?.length]).toEqual([4, 2]);
    expect(second.body.NextToken).toBeUndefined();
    expect([other.error, invented.error]).toEqual(['InvalidNextToken', 'InvalidNextToken']);
  });

  it.each([
    { says: 'more than 100 records', operation: 'DescribeAlarmHistory', asked: { MaxRecords: 101 } },
    { says: 'an unknown state', operation: 'DescribeAlarms', asked: { StateValue: 'PAUSED' } },
    {
      says: 'names and a prefix at once',
      operation: 'DescribeAlarms',
      asked: { AlarmNames: ['a'], AlarmNamePrefix: 'a' },
    },
    {
      says: 'more than 100 names',
      operation: 'DescribeAlarms',
      asked: { AlarmNames: Array.from({ length: 101 }, (_, n) => `${n}`) },
    },
    { says: 'tags of nothing', operation: 'ListTagsForResource', asked: {} },
  ])('refuses $says', async ({ operation, asked }) => {
    await start([alarm('one')]);

    const answer = await ask(operation, asked);

    expect([answer.status, answer.error]).toEqual([400, 'ValidationError']);
  });

  it('throttles with status 400 and without telling for how long', async () => {
    await start([alarm('one')], { perMinute: 1 });
    await ask('DescribeAlarms', {});

    const answer = await ask('DescribeAlarms', {});

    expect([answer.status, answer.error, answer.body['message']]).toEqual([400, 'Throttling', 'Rate exceeded']);
  });

  it('keeps regions apart', async () => {
    await start([alarm('one', { region: 'us-east-1' })]);

    const here = await ask('DescribeAlarms', {});
    const there = await ask('DescribeAlarms', {}, 'us-east-1');

    expect([here.body['MetricAlarms'], (there.body['MetricAlarms'] as unknown[]).length]).toEqual([[], 1]);
  });

  it('lets history outlive an alarm, but neither its state nor its tags', async () => {
    await start([alarm('one', { deletedAtMs: NOW_MS - 60_000 })]);

    const history = await ask('DescribeAlarmHistory', { HistoryItemType: 'StateUpdate' });
    const state = await ask('DescribeAlarms', { AlarmNames: ['one'] });
    const tags = await ask('ListTagsForResource', {
      ResourceARN: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:one',
    });

    expect(history.body.AlarmHistoryItems).toHaveLength(3);
    expect(state.body['MetricAlarms']).toEqual([]);
    expect([tags.status, tags.error]).toEqual([404, 'ResourceNotFoundException']);
  });

  it('cuts HistoryData of composite alarms in the middle of its JSON', async () => {
    await start([alarm('one', { kind: 'CompositeAlarm' })]);

    const { body } = await ask('DescribeAlarmHistory', { AlarmTypes: ALL_TYPES, HistoryItemType: 'StateUpdate' });

    const texts = body.AlarmHistoryItems?.map(({ HistoryData }) => String(HistoryData)) ?? [];
    expect(texts.map(({ length }) => length)).toEqual([4095, 4095, 4095]);
    expect(() => JSON.parse(texts[0] ?? '')).toThrow(SyntaxError);
  });
});

describe.runIf(isModelThere)('the answers of the fake agree with the model of CloudWatch', () => {
  it.each([
    {
      operation: 'DescribeAlarmHistory',
      asked: { AlarmTypes: ALL_TYPES, MaxRecords: 7 },
      output: 'DescribeAlarmHistoryOutput',
    },
    { operation: 'DescribeAlarms', asked: { AlarmTypes: ALL_TYPES, MaxRecords: 2 }, output: 'DescribeAlarmsOutput' },
    { operation: 'DescribeAlarms', asked: { AlarmTypes: ALL_TYPES }, output: 'DescribeAlarmsOutput' },
    {
      operation: 'ListTagsForResource',
      asked: { ResourceARN: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:one' },
      output: 'ListTagsForResourceOutput',
    },
  ])('of $operation', async ({ operation, asked, output }) => {
    await start([alarm('one'), alarm('two', { kind: 'CompositeAlarm' }), alarm('three', { kind: 'LogAlarm' })]);

    const { status, body } = await ask(operation, asked);

    expect(status).toBe(200);
    expect(faults(body, output, output)).toEqual([]);
  });

  it('and the check would notice a member that is none', () => {
    const found = faults(
      { AlarmHistoryItems: [{ AlarmName: 5, Colour: 'red' }] },
      'DescribeAlarmHistoryOutput',
      'answer',
    );

    expect(found).toEqual([
      'answer.AlarmHistoryItems[0].AlarmName: not a AlarmName',
      'answer.AlarmHistoryItems[0]: unknown member Colour',
    ]);
  });
});
