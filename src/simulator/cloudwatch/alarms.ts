import { z } from 'zod';
import type { SimulatedAlarm, World } from '../world.ts';
import { CLOUDWATCH_PEOPLE, Refusal, seconds } from './answers.ts';

/** The account that alarms belong to unless the fake is told another. */
export const ACCOUNT = '123456789012';
export const ALARM_TYPES = ['MetricAlarm', 'CompositeAlarm', 'LogAlarm'] as const;
export const STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;

/** The members that both lists page by. Omitted alarm types mean metric alarms only, as on the platform. */
export const paging = {
  AlarmTypes: z.array(z.enum(ALARM_TYPES)).default(['MetricAlarm']),
  MaxRecords: z.int().min(1).max(100).default(50),
  NextToken: z.string().optional(),
};

export const DescribeAlarms = z
  .object({
    ...paging,
    AlarmNames: z.array(z.string().min(1).max(255)).max(100).optional(),
    AlarmNamePrefix: z.string().min(1).max(255).optional(),
    StateValue: z.enum(STATES).optional(),
  })
  .refine((asked) => asked.AlarmNames === undefined || asked.AlarmNamePrefix === undefined);

export const ListTagsForResource = z.object({ ResourceARN: z.string().min(1).max(1024) });

/** The state changes that have happened; a change to the state it was in already is none. */
export function changesUntil(alarm: SimulatedAlarm, nowMs: number) {
  const untilMs = Math.min(nowMs, alarm.deletedAtMs ?? nowMs);
  let before: (typeof STATES)[number] = 'INSUFFICIENT_DATA';
  return alarm.changes.flatMap((change) => {
    if (change.atMs > untilMs || change.state === before) return [];
    const from = before;
    before = change.state;
    return [{ ...change, from }];
  });
}

export function arnOf(alarm: Pick<SimulatedAlarm, 'region' | 'name'>, account: string): string {
  return `arn:aws:cloudwatch:${alarm.region}:${account}:alarm:${alarm.name}`;
}

/** The alarms of one region that are there, in order of their names. */
export function alarmsThere(world: World, region: string, nowMs: number): SimulatedAlarm[] {
  return world.alarms
    .filter((alarm) => alarm.region === region && (alarm.deletedAtMs ?? Number.POSITIVE_INFINITY) > nowMs)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** True when the alarm is in what was asked for. */
export function isAskedFor(alarm: SimulatedAlarm, asked: z.infer<typeof DescribeAlarms>, nowMs: number): boolean {
  const { AlarmNames, AlarmNamePrefix, AlarmTypes, StateValue } = asked;
  if (!AlarmTypes.includes(alarm.kind)) return false;
  if (AlarmNames !== undefined && !AlarmNames.includes(alarm.name)) return false;
  if (AlarmNamePrefix !== undefined && !alarm.name.startsWith(AlarmNamePrefix)) return false;
  return StateValue === undefined || stateOf(alarm, nowMs) === StateValue;
}

function stateOf(alarm: SimulatedAlarm, nowMs: number) {
  return changesUntil(alarm, nowMs).at(-1)?.state ?? 'INSUFFICIENT_DATA';
}

/** The alarm as DescribeAlarms shows it, people in its description, reason and actions included. */
export function wireAlarm(alarm: SimulatedAlarm, nowMs: number, account: string) {
  const last = changesUntil(alarm, nowMs).at(-1);
  const topic = `arn:aws:sns:${alarm.region}:${account}:page-${CLOUDWATCH_PEOPLE.login}`;
  return {
    AlarmName: alarm.name,
    AlarmArn: arnOf(alarm, account),
    AlarmDescription: `Ask ${CLOUDWATCH_PEOPLE.name} <${CLOUDWATCH_PEOPLE.mail}>`,
    ActionsEnabled: true,
    OKActions: [topic],
    AlarmActions: [topic],
    InsufficientDataActions: [],
    StateValue: stateOf(alarm, nowMs),
    StateReason: `Set by ${CLOUDWATCH_PEOPLE.name}`,
    // Any evaluation moves this one, so it is no transition.
    StateUpdatedTimestamp: seconds(nowMs),
    ...(last === undefined ? {} : { StateTransitionedTimestamp: seconds(last.atMs) }),
    ...OWN_MEMBERS[alarm.kind],
  };
}

const OWN_MEMBERS = {
  MetricAlarm: {
    MetricName: '5xx',
    Namespace: 'AWS/ApplicationELB',
    Statistic: 'Sum',
    Dimensions: [{ Name: 'LoadBalancer', Value: 'app/x/1' }],
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 5,
    ComparisonOperator: 'GreaterThanThreshold',
  },
  CompositeAlarm: { AlarmRule: 'ALARM("a") OR ALARM("b")' },
  LogAlarm: { QueryResultsToEvaluate: 1, QueryResultsToAlarm: 1, Threshold: 5 },
} as const;

/** The tags of the alarm with this ARN, whatever an invented person has put there too. */
export function tagsOf(alarms: readonly SimulatedAlarm[], arn: string, account: string) {
  if (!arn.includes(`:${account}:`)) throw new Refusal('AccessDenied', 'The resource is of another account.');
  const alarm = alarms.find((one) => arnOf(one, account) === arn);
  if (alarm === undefined) throw new Refusal('ResourceNotFoundException', `The resource ${arn} does not exist.`, 404);
  const tags = Object.entries({ ...alarm.tags, owner: CLOUDWATCH_PEOPLE.mail });
  return { Tags: tags.map(([Key, Value]) => ({ Key, Value })) };
}
