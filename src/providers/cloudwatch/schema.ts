import { z } from 'zod';

export const STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;
export type AlarmState = (typeof STATES)[number];
const State = z.enum(STATES);

/** A page of DescribeAlarmHistory; its items are judged one by one. */
export const HistoryPage = z
  .object({ AlarmHistoryItems: z.array(z.unknown()), NextToken: z.string().optional() })
  .transform((wire) => ({ items: wire.AlarmHistoryItems, token: wire.NextToken }));
export type HistoryPage = z.output<typeof HistoryPage>;

/** An item of the history; what changed is inside its texts. */
export const HistoryItem = z
  .object({
    AlarmName: z.string().min(1),
    Timestamp: z.date(),
    HistoryItemType: z.string(),
    HistorySummary: z.string().default(''),
    HistoryData: z.string().default(''),
  })
  .transform((wire) => ({
    name: wire.AlarmName,
    atMs: wire.Timestamp.getTime(),
    type: wire.HistoryItemType,
    summary: wire.HistorySummary,
    data: wire.HistoryData,
  }));
export type HistoryItem = z.output<typeof HistoryItem>;

/** HistoryData of a state update: from where to where. */
export const StateUpdate = z
  .object({
    oldState: z.object({ stateValue: State }).optional(),
    newState: z.object({ stateValue: State }),
  })
  .transform((wire) => ({ from: wire.oldState?.stateValue, to: wire.newState.stateValue }));
export type StateUpdate = z.output<typeof StateUpdate>;

const lists = {
  MetricAlarms: z.array(z.unknown()).optional(),
  CompositeAlarms: z.array(z.unknown()).optional(),
  LogAlarms: z.array(z.unknown()).optional(),
};

/** A page of DescribeAlarms, its lists as one; any of them may be absent or empty. */
export const AlarmsPage = z.object({ ...lists, NextToken: z.string().optional() }).transform((wire) => ({
  alarms: [...(wire.MetricAlarms ?? []), ...(wire.CompositeAlarms ?? []), ...(wire.LogAlarms ?? [])],
  token: wire.NextToken,
  hasLists: wire.MetricAlarms !== undefined || wire.CompositeAlarms !== undefined || wire.LogAlarms !== undefined,
}));
export type AlarmsPage = z.output<typeof AlarmsPage>;

/** An alarm as it is now; its last transition is unknown for alarms that have not changed for years. */
export const Alarm = z
  .object({
    AlarmName: z.string().min(1),
    AlarmArn: z.string(),
    StateValue: z.string(),
    StateTransitionedTimestamp: z.date().optional(),
  })
  .transform((wire) => ({
    name: wire.AlarmName,
    arn: wire.AlarmArn,
    state: STATES.find((state) => state === wire.StateValue),
    transitionedAtMs: wire.StateTransitionedTimestamp?.getTime(),
  }));
export type Alarm = z.output<typeof Alarm>;

/** The tags of one alarm, by key. */
export const TagList = z
  .object({ Tags: z.array(z.object({ Key: z.string(), Value: z.string() })) })
  .transform((wire) => new Map(wire.Tags.map((tag) => [tag.Key, tag.Value])));
export type Tags = ReadonlyMap<string, string>;
