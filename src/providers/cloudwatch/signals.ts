import { createHash } from 'node:crypto';
import type { Rejection, Signal } from '../../model/incident.ts';
import { CLOCK_AHEAD_MAX_MS } from '../../model/validity.ts';
import { HistoryItem, STATES, StateUpdate } from './schema.ts';
import { subjectOf } from './subject.ts';

/** Not a state of the platform: the alarm was found to be gone. What it was doing then never ends. */
export const DELETED = 'DELETED';

/** A signal's id tells the whole change, so that an item which is shown twice is one signal. */
export function signalOf(change: { subject: string; atMs: number; from?: string | undefined; to: string }): Signal {
  const { subject, atMs, from = '', to } = change;
  return { subject, id: `${atMs}:${from}>${to}`, atMs, kind: to };
}

/** The state before the change; empty when it is not known. */
export function stateBefore({ id }: Pick<Signal, 'id'>): string {
  return id.slice(id.indexOf(':') + 1, id.indexOf('>'));
}

/** What a page of history said. */
export interface Heard {
  readonly signals: readonly Signal[];
  readonly rejected: readonly Rejection[];
}

/** The state changes among items of one region's history; throws when there are several and none can be read. */
export function heardIn(items: readonly unknown[], place: { region: string; nowMs: number }): Heard {
  const heard = items.map((item) => hear(item, place));
  const signals = heard.flatMap((one) => (one !== undefined && 'subject' in one ? [one] : []));
  const rejected = heard.flatMap((one) => (one !== undefined && 'reason' in one ? [one] : []));
  const [first] = rejected;
  if (first !== undefined && items.length > 1 && rejected.length === items.length) {
    throw new Error(`none of ${items.length} items of the alarm history can be read; the first: ${first.detail}`);
  }
  return { signals, rejected };
}

function hear(item: unknown, { region, nowMs }: { region: string; nowMs: number }): Signal | Rejection | undefined {
  const parsed = HistoryItem.safeParse(item);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    return rejection(item, field === 'AlarmName' ? 'missing_id' : 'malformed', `an item of the history: ${field}`);
  }
  const { name, atMs, type } = parsed.data;
  if (type !== 'StateUpdate') return undefined;
  const update = updateIn(parsed.data);
  if (update === undefined) {
    const expected = `expected one of ${STATES.join(', ')} as the new state in HistoryData or HistorySummary`;
    return rejection(item, 'malformed', expected);
  }
  if (atMs > nowMs + CLOCK_AHEAD_MAX_MS) {
    return rejection(item, 'future', `a state change at ${new Date(atMs).toISOString()}, more than 15m ahead`);
  }
  return signalOf({ subject: subjectOf({ region, name }), atMs, ...update });
}

/** HistoryData is cut at 4095 characters and then is no JSON; the summary is always whole. */
function updateIn({ data, summary }: HistoryItem): StateUpdate | undefined {
  const parsed = StateUpdate.safeParse(jsonIn(data));
  if (parsed.success) return parsed.data;
  const [, from, to] = /\bfrom (\w+) to (\w+)$/.exec(summary) ?? [];
  const told = StateUpdate.safeParse({ oldState: { stateValue: from }, newState: { stateValue: to } });
  return told.success ? told.data : undefined;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A rejection of a record that has no id; its key is a digest, so the record is counted once however often it is read. */
export function rejection(record: unknown, reason: Rejection['reason'], detail: string): Rejection {
  const key = createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, 32);
  return { key, reason, detail };
}
