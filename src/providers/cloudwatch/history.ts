import { z } from 'zod';
import type { Rejection, StateChange } from '../../model/incident.ts';
import { CLOCK_AHEAD_MAX_MS } from '../../model/validity.ts';
import { OVERLAP_MS } from '../change-cursor.ts';
import { type AlarmApi, checkNextToken, STATES, toRejection } from './alarm-api.ts';
import { toSignal, toSubject } from './alarm-id.ts';

const State = z.enum(STATES);

/** An item of the history; the change itself is in its texts. */
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

/** HistoryData of a state update: the old and the new state. */
export const StateUpdate = z
  .object({
    oldState: z.object({ stateValue: State }).optional(),
    newState: z.object({ stateValue: State }),
  })
  .transform((wire) => ({ from: wire.oldState?.stateValue, to: wire.newState.stateValue }));
export type StateUpdate = z.output<typeof StateUpdate>;

/** The state changes of a page of history. */
export interface ParsedHistory {
  readonly stateChanges: readonly StateChange[];
  readonly rejected: readonly Rejection[];
}

/** Parses the items of one region's history; throws when there are several and none can be parsed. */
export function parseHistory(items: readonly unknown[], scope: { region: string; nowMs: number }): ParsedHistory {
  const results = items.map((item) => parseHistoryItem(item, scope));
  const stateChanges = results.flatMap((one) => (one !== undefined && 'subject' in one ? [one] : []));
  const rejected = results.flatMap((one) => (one !== undefined && 'reason' in one ? [one] : []));
  const [first] = rejected;
  if (first !== undefined && items.length > 1 && rejected.length === items.length) {
    throw new Error(`none of ${items.length} items of the alarm history can be read; the first: ${first.detail}`);
  }
  return { stateChanges, rejected };
}

function parseHistoryItem(
  item: unknown,
  { region, nowMs }: { region: string; nowMs: number },
): StateChange | Rejection | undefined {
  const parsed = HistoryItem.safeParse(item);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    return toRejection(item, field === 'AlarmName' ? 'missing_id' : 'malformed', `an item of the history: ${field}`);
  }
  const { name, atMs, type } = parsed.data;
  if (type !== 'StateUpdate') return undefined;
  const update = parseStateUpdate(parsed.data);
  if (update === undefined) {
    const expected = `expected one of ${STATES.join(', ')} as the new state in HistoryData or HistorySummary`;
    return toRejection(item, 'malformed', expected);
  }
  if (atMs > nowMs + CLOCK_AHEAD_MAX_MS) {
    return toRejection(item, 'future', `a state change at ${new Date(atMs).toISOString()}, more than 15m ahead`);
  }
  return toSignal({ subject: toSubject({ region, name }), atMs, ...update });
}

/** HistoryData is cut at 4095 characters and then is not valid JSON; the summary is always complete. */
function parseStateUpdate({ data, summary }: HistoryItem): StateUpdate | undefined {
  const parsed = StateUpdate.safeParse(parseJson(data));
  if (parsed.success) return parsed.data;
  const [, from, to] = /\bfrom (\w+) to (\w+)$/.exec(summary) ?? [];
  const fromSummary = StateUpdate.safeParse({ oldState: { stateValue: from }, newState: { stateValue: to } });
  return fromSummary.success ? fromSummary.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A token that is refused again although nothing was read in between has not expired by time. */
const RESTARTS_MAX = 3;

export interface HistoryQuery {
  readonly region: string;
  readonly api: AlarmApi;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly signal: AbortSignal;
}

/** One page of the history of a region. */
export interface HistorySignals {
  readonly stateChanges: readonly StateChange[];
  readonly rejected: readonly Rejection[];
  /** Time of the newest state change on this page. */
  readonly newestMs: number | undefined;
}

interface HistoryPosition {
  readonly fromMs: number;
  readonly token: string | undefined;
}

/** State changes from `fromMs` to `untilMs`, oldest first. After an expired token it restarts near the newest change read. */
export async function* readHistory(query: HistoryQuery): AsyncGenerator<HistorySignals> {
  const { api, untilMs, signal, region } = query;
  let position: HistoryPosition = { fromMs: query.fromMs, token: undefined };
  let seen = new Set<string>();
  let newestMs = query.fromMs;
  let restarts = 0;
  for (;;) {
    const page = await api.history({ ...position, untilMs }, signal);
    if (page === 'token_expired') {
      if (restarts === RESTARTS_MAX) throw new Error(`CloudWatch refused its own NextToken ${restarts + 1} times`);
      restarts += 1;
      position = { fromMs: Math.max(query.fromMs, newestMs - OVERLAP_MS), token: undefined };
      seen = new Set();
      continue;
    }
    const parsed = parseHistory(page.items, { region, nowMs: untilMs });
    const pageNewestMs = findNewestMs(parsed.stateChanges);
    if (pageNewestMs !== undefined && pageNewestMs > newestMs) [newestMs, restarts] = [pageNewestMs, 0];
    yield { ...parsed, newestMs: pageNewestMs };
    position = { ...position, token: checkNextToken(page.token, seen) };
    if (position.token === undefined) return;
  }
}

function findNewestMs(stateChanges: readonly StateChange[]): number | undefined {
  return stateChanges.reduce<number | undefined>((max, { atMs }) => Math.max(max ?? atMs, atMs), undefined);
}
