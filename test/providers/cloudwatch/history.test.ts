import { describe, expect, it } from 'vitest';
import { parsePreviousState, toSignal } from '../../../src/providers/cloudwatch/alarm-id.ts';
import { parseHistory } from '../../../src/providers/cloudwatch/history.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);
const SCOPE = { region: 'eu-west-1', nowMs: NOW_MS };

const update = (from: string, to: string) =>
  JSON.stringify({ version: '1.0', oldState: { stateValue: from }, newState: { stateValue: to, stateReasonData: {} } });

function item(rest: Record<string, unknown>) {
  return {
    AlarmName: 'checkout',
    AlarmType: 'MetricAlarm',
    Timestamp: new Date(NOW_MS - 1000),
    HistoryItemType: 'StateUpdate',
    HistorySummary: 'Alarm updated from OK to ALARM',
    HistoryData: update('OK', 'ALARM'),
    ...rest,
  };
}

/** A readable neighbour, so that the page as a whole is not refused. */
const NEIGHBOUR = item({ AlarmName: 'neighbour' });

function parse(rest: Record<string, unknown>) {
  const { stateChanges, rejected } = parseHistory([item(rest), NEIGHBOUR], SCOPE);
  return {
    kinds: stateChanges.slice(0, -1).map(({ kind, id }) => `${kind} ${id}`),
    reasons: rejected.map(({ reason }) => reason),
  };
}

describe('a state change is read', () => {
  const at = NOW_MS - 1000;

  it.each([
    { says: 'out of HistoryData', rest: { HistorySummary: '' }, kinds: [`ALARM ${at}:OK>ALARM`] },
    {
      says: 'out of HistoryData where the summary says otherwise',
      rest: { HistoryData: update('ALARM', 'OK') },
      kinds: [`OK ${at}:ALARM>OK`],
    },
    {
      says: 'out of the summary where HistoryData is cut',
      rest: { HistoryData: update('OK', 'ALARM').slice(0, 30) },
      kinds: [`ALARM ${at}:OK>ALARM`],
    },
    {
      says: 'out of the summary where HistoryData is absent',
      rest: { HistoryData: undefined, HistorySummary: 'Alarm updated from ALARM to INSUFFICIENT_DATA' },
      kinds: [`INSUFFICIENT_DATA ${at}:ALARM>INSUFFICIENT_DATA`],
    },
    {
      says: 'without the old state',
      rest: { HistoryData: '{"newState":{"stateValue":"OK"}}' },
      kinds: [`OK ${at}:>OK`],
    },
    { says: 'only from items that are one', rest: { HistoryItemType: 'Action' }, kinds: [] },
  ])('$says', ({ rest, kinds }) => {
    const parsed = parse(rest);

    expect(parsed).toEqual({ kinds, reasons: [] });
  });

  it.each([
    {
      says: 'neither text has a state',
      rest: { HistoryData: '', HistorySummary: 'Alarm updated' },
      reason: 'malformed',
    },
    {
      says: 'the state is unknown',
      rest: { HistoryData: update('OK', 'PAUSED'), HistorySummary: '' },
      reason: 'malformed',
    },
    { says: 'it has no name', rest: { AlarmName: undefined }, reason: 'missing_id' },
    { says: 'it has no timestamp', rest: { Timestamp: undefined }, reason: 'malformed' },
    { says: 'it is 16 minutes in the future', rest: { Timestamp: new Date(NOW_MS + 16 * 60_000) }, reason: 'future' },
  ])('or rejected when $says', ({ rest, reason }) => {
    const parsed = parse(rest);

    expect(parsed).toEqual({ kinds: [], reasons: [reason] });
  });

  it('or rejected under the same key each time it is read', () => {
    const keys = [1, 2].map(() => parseHistory([item({ AlarmName: undefined }), NEIGHBOUR], SCOPE).rejected[0]?.key);

    expect(keys[0]).toBe(keys[1]);
    expect(keys[0]).not.toBe(parseHistory([item({ AlarmName: '' }), NEIGHBOUR], SCOPE).rejected[0]?.key);
  });

  it('unless nothing on the page can be read, which is an error', () => {
    const broken = item({ HistoryData: '', HistorySummary: '' });

    expect(() => parseHistory([broken, broken], SCOPE)).toThrow('none of 2 items of the alarm history can be read');
    expect(parseHistory([broken], SCOPE).rejected).toHaveLength(1);
  });
});

it.each([
  { from: 'OK', before: 'OK' },
  { from: undefined, before: '' },
])('a signal remembers that it came from $from', ({ from, before }) => {
  const signal = toSignal({ subject: 'eu-west-1/a', atMs: 5, from, to: 'ALARM' });

  expect(parsePreviousState(signal)).toBe(before);
});
