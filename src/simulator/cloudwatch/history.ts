import { z } from 'zod';
import { DAY_MS } from '../../model/time.ts';
import type { SimulatedAlarm, World } from '../world.ts';
import { changesUntil, paging } from './alarms.ts';
import { CLOUDWATCH_PEOPLE, seconds } from './answers.ts';

/** What happened longer ago is forgotten. */
const RETENTION_MS = 30 * DAY_MS;
/** Longer texts are cut here, in the middle of their JSON. */
const HISTORY_DATA_MAX = 4095;
/** Of these, an item is shown twice where duplicates are wanted. */
const EVERY_NTH_TWICE = 7;

const ITEM_TYPES = [
  'ConfigurationUpdate',
  'StateUpdate',
  'Action',
  'AlarmContributorStateUpdate',
  'AlarmContributorAction',
] as const;

export const DescribeAlarmHistory = z.object({
  ...paging,
  AlarmName: z.string().min(1).max(255).optional(),
  HistoryItemType: z.enum(ITEM_TYPES).optional(),
  StartDate: z.number().optional(),
  EndDate: z.number().optional(),
  ScanBy: z.enum(['TimestampDescending', 'TimestampAscending']).default('TimestampDescending'),
});

type Asked = z.infer<typeof DescribeAlarmHistory>;

/** What the history of one region shows at an instant: what is old enough to be shown and not yet forgotten. */
export function historyItems(
  place: { world: World; region: string; duplicates: boolean },
  asked: Asked,
  nowMs: number,
) {
  const fromMs = Math.max((asked.StartDate ?? 0) * 1000, nowMs - RETENTION_MS);
  const toMs = asked.EndDate === undefined ? nowMs : asked.EndDate * 1000;
  const items = place.world.alarms
    .filter((alarm) => alarm.region === place.region && asked.AlarmTypes.includes(alarm.kind))
    .filter((alarm) => asked.AlarmName === undefined || alarm.name === asked.AlarmName)
    .flatMap((alarm) => itemsOf(alarm, nowMs))
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .filter(({ item }) => asked.HistoryItemType === undefined || item.HistoryItemType === asked.HistoryItemType)
    .sort((a, b) => a.atMs - b.atMs);
  const shown = items.flatMap((one, index) => (place.duplicates && index % EVERY_NTH_TWICE === 0 ? [one, one] : [one]));
  if (asked.ScanBy === 'TimestampDescending') shown.reverse();
  return shown.map(({ item }) => item);
}

type Change = ReturnType<typeof changesUntil>[number];

function itemsOf(alarm: SimulatedAlarm, nowMs: number) {
  return changesUntil(alarm, nowMs)
    .filter(({ atMs, shownAfterMs }) => atMs + (shownAfterMs ?? 0) <= nowMs)
    .flatMap((change) => [
      { atMs: change.atMs, item: stateUpdate(alarm, change) },
      { atMs: change.atMs, item: notification(alarm, change) },
    ]);
}

function stateUpdate(alarm: SimulatedAlarm, change: Change) {
  return {
    AlarmName: alarm.name,
    AlarmType: alarm.kind,
    Timestamp: seconds(change.atMs),
    HistoryItemType: 'StateUpdate',
    HistorySummary: `Alarm updated from ${change.from} to ${change.state}`,
    HistoryData: JSON.stringify({
      version: '1.0',
      oldState: { stateValue: change.from, stateReason: reasonOf(alarm) },
      newState: { stateValue: change.state, stateReason: reasonOf(alarm), stateReasonData: reasonData(change.atMs) },
    }).slice(0, HISTORY_DATA_MAX),
  };
}

/** Composite alarms tell of so many children that their data is cut before the new state. */
function reasonOf(alarm: SimulatedAlarm): string {
  const told = `${CLOUDWATCH_PEOPLE.name} looks after it.`;
  return alarm.kind === 'CompositeAlarm' ? told.repeat(HISTORY_DATA_MAX / told.length + 1) : told;
}

function reasonData(atMs: number) {
  // Offsets without a colon are the platform's own.
  const stamp = (ms: number) => new Date(ms).toISOString().replace('Z', '+0000');
  return { version: '1.0', queryDate: stamp(atMs), startDate: stamp(atMs - 60_000), period: 60, threshold: 5 };
}

function notification(alarm: SimulatedAlarm, change: Change) {
  return {
    AlarmName: alarm.name,
    AlarmType: alarm.kind,
    Timestamp: seconds(change.atMs),
    HistoryItemType: 'Action',
    HistorySummary: `Successfully executed action for ${CLOUDWATCH_PEOPLE.mail}`,
    HistoryData: JSON.stringify({ actionState: 'Succeeded', stateUpdateTimestamp: change.atMs, error: null }),
  };
}
