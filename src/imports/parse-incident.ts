import {
  type EndKnownFrom,
  type Incident,
  type Interval,
  type RejectionReason,
  type Status,
  titleFingerprint,
  webLink,
} from '../model/incident.ts';
import { STATUSES } from '../model/stored.ts';
import { CLOCK_AHEAD_MAX_MS, validate } from '../model/validity.ts';
import {
  type ReadContext,
  readFlag,
  readRaw,
  readText,
  readTimestamp,
  type Timestamp,
  UnreadableValue,
  unreadable,
} from './field-values.ts';
import type { Field } from './mapping.ts';
import { parseTimestamp } from './timestamps.ts';

const OPTIONAL_TIMES = ['startedAtMs', 'identifiedAtMs', 'acknowledgedAtMs', 'mitigatedAtMs'] as const;
export type OptionalTime = (typeof OPTIONAL_TIMES)[number];

/** An incident of a record, and whether the record itself says when it last changed. */
export interface ParsedIncident {
  readonly incident: Incident;
  readonly hasUpdatedAt: boolean;
  /** Timestamps that were left out, as they contradict the trigger. */
  readonly droppedTimestamps: readonly OptionalTime[];
}

/** Why a record is rejected; of its values `detail` names only dates. */
export interface RejectedRecord {
  readonly reason: RejectionReason;
  /** Absent where the record is none. */
  readonly id?: string | undefined;
  /** The field that is wrong. */
  readonly field?: Field | undefined;
  readonly detail: string;
}

/** The incident of a record, or why the record is rejected. */
export function parseIncident(record: unknown, context: ReadContext, nowMs: number): ParsedIncident | RejectedRecord {
  try {
    return parseFields(record, context, nowMs);
  } catch (error) {
    if (!(error instanceof UnreadableValue)) throw error;
    return { reason: 'malformed', id: findId(record, context), field: error.field, detail: error.message };
  }
}

function parseFields(record: unknown, context: ReadContext, nowMs: number): ParsedIncident | RejectedRecord {
  const id = readText(record, 'id', context);
  const reject = (reason: RejectionReason, field: Field, expected: string) => ({
    reason,
    id,
    field,
    detail: unreadable(field, context, expected).message,
  });
  if (id === undefined) return reject('missing_id', 'id', 'an id');
  const triggeredAtMs = readTimestamp(record, 'triggered_at', context)?.atMs;
  if (triggeredAtMs === undefined) return reject('start_unknown', 'triggered_at', 'a date with a time');
  const timestamp = (field: Field) => readTimestamp(record, field, { ...context, triggeredAtMs });
  const acknowledgedAtMs = timestamp('acknowledged_at')?.atMs;
  const reported = readStatus(record, context);
  const end = findEnd(reported, timestamp('resolved_at'), timestamp('status_changed_at'));
  if (end === undefined && reported === 'resolved') {
    return reject('end_unknown', 'resolved_at', 'the end of a resolved incident');
  }
  const labels = readLabels(record, context);
  const mitigatedAtMs = timestamp('mitigated_at')?.atMs;
  const updatedAtMs = timestamp('updated_at')?.atMs;
  const startedAtMs = timestamp('started_at')?.atMs;
  const identifiedAtMs = timestamp('identified_at')?.atMs;
  const intervals = readIntervals(record, context, { triggeredAtMs, endMs: end?.atMs });
  const changes = (intervals ?? []).flatMap(({ openedAtMs, closedAtMs }) => [openedAtMs, closedAtMs]);
  const times = [triggeredAtMs, startedAtMs, identifiedAtMs, acknowledgedAtMs, mitigatedAtMs, end?.atMs, ...changes];
  const incident: Incident = {
    id,
    ...labels,
    status: end === undefined ? openStatus(reported, acknowledgedAtMs !== undefined) : 'resolved',
    startedAtMs,
    triggeredAtMs,
    identifiedAtMs,
    acknowledgedAtMs,
    mitigatedAtMs,
    resolvedAtMs: end?.atMs,
    endKnownFrom: end?.from,
    autoResolved: readFlag(record, 'auto_resolved', context),
    intervals: intervals ?? [{ openedAtMs: triggeredAtMs, closedAtMs: end?.atMs }],
    merged: readFlag(record, 'merged', context) ?? false,
    fingerprint: readFingerprint(record, { ...labels, id }, context),
    updatedAtMs: updatedAtMs ?? Math.max(...times.filter((ms) => ms !== undefined)),
    imported: true,
  };
  const valid = validate(incident, nowMs);
  if ('reason' in valid) return { ...valid, id, field: findInvalidField(incident, nowMs) };
  // Accepted, they would keep every later version of the record out.
  if (intervals?.some(({ openedAtMs }) => isAhead(openedAtMs, nowMs))) return reject('future', 'intervals', NOT_AHEAD);
  if (isAhead(incident.updatedAtMs, nowMs)) return reject('future', 'updated_at', NOT_AHEAD);
  const droppedTimestamps = OPTIONAL_TIMES.filter((time) => incident[time] !== undefined && valid[time] === undefined);
  return { incident: valid, hasUpdatedAt: updatedAtMs !== undefined, droppedTimestamps };
}

/** The id of a record that may have no other field that can be read. */
function findId(record: unknown, context: ReadContext): string | undefined {
  try {
    return readText(record, 'id', context);
  } catch {
    return undefined;
  }
}

const TIMES = {
  triggered_at: 'triggeredAtMs',
  started_at: 'startedAtMs',
  identified_at: 'identifiedAtMs',
  acknowledged_at: 'acknowledgedAtMs',
  mitigated_at: 'mitigatedAtMs',
} as const satisfies Partial<Record<Field, keyof Incident>>;

/** The timestamp for which an incident is invalid as a whole: one that is too far ahead, else the end. */
function findInvalidField(incident: Incident, nowMs: number): Field {
  const fields = ['triggered_at', 'started_at', 'identified_at', 'acknowledged_at', 'mitigated_at'] as const;
  return fields.find((field) => isAhead(incident[TIMES[field]], nowMs)) ?? 'resolved_at';
}

const NOT_AHEAD = 'a time at most 15m ahead';

function isAhead(ms: number | undefined, nowMs: number): boolean {
  return ms !== undefined && ms > nowMs + CLOCK_AHEAD_MAX_MS;
}

type ReportedStatus = Status | 'open' | undefined;

function readStatus(record: unknown, context: ReadContext): ReportedStatus {
  const word = readText(record, 'status', context)?.toLowerCase();
  if (word === undefined || word === 'open') return word;
  const status = STATUSES.find((one) => one === word);
  if (status === undefined) throw unreadable('status', context, `${STATUSES.join(', ')} or open`);
  return status;
}

function openStatus(reported: ReportedStatus, isAcknowledged: boolean): Status {
  if (reported !== undefined && reported !== 'open') return reported;
  return isAcknowledged ? 'acknowledged' : 'triggered';
}

/** An open incident has no end; a resolved one without `resolved_at` ended when its status last changed. */
function findEnd(
  reported: ReportedStatus,
  resolved: Timestamp | undefined,
  statusChanged: Timestamp | undefined,
): { readonly atMs: number; readonly from: EndKnownFrom } | undefined {
  if (reported !== undefined && reported !== 'resolved') return undefined;
  if (resolved !== undefined) {
    return { atMs: resolved.atMs, from: resolved.isFromDuration ? 'report_duration' : 'resolve_event' };
  }
  if (reported !== 'resolved' || statusChanged === undefined) return undefined;
  return { atMs: statusChanged.atMs, from: 'state_change' };
}

function readLabels(record: unknown, context: ReadContext) {
  const text = (field: Field) => readText(record, field, context);
  const service = text('service') ?? '';
  const tag = text('severity_tag');
  return {
    url: webLink(text('url')),
    title: text('title') ?? '',
    serviceId: text('service_id') ?? service,
    serviceName: service,
    team: text('team'),
    severity: tag === undefined ? { priority: text('severity'), urgency: text('urgency') } : { tag },
  };
}

/** The id is no fingerprint: no other incident has it. */
function readFingerprint(
  record: unknown,
  { id, serviceId, title }: Pick<Incident, 'id' | 'serviceId' | 'title'>,
  context: ReadContext,
): string {
  const key = readText(record, 'fingerprint', context);
  return key === undefined || key === id ? titleFingerprint(serviceId, title) : key;
}

const INTERVALS_EXPECTED =
  'pairs of dates [[opened, closed], …] in order, the first from the trigger and the last to the end';

/** The times in which an incident was open; undefined where the record has none. */
function readIntervals(
  record: unknown,
  context: ReadContext,
  { triggeredAtMs, endMs }: { readonly triggeredAtMs: number; readonly endMs: number | undefined },
): Interval[] | undefined {
  const value = readRaw(record, 'intervals', context);
  if (value === undefined) return undefined;
  const pairs: unknown[] = Array.isArray(value) ? value : [];
  const intervals = pairs.map((pair) => parseInterval(pair, context));
  const times = intervals.flatMap(({ openedAtMs, closedAtMs }) => [openedAtMs, closedAtMs ?? Number.POSITIVE_INFINITY]);
  const isAscending = times.every((ms, index) => index === 0 || ms >= (times[index - 1] ?? 0));
  const isComplete = intervals[0]?.openedAtMs === triggeredAtMs && intervals.at(-1)?.closedAtMs === endMs;
  if (!isAscending || !isComplete) throw unreadable('intervals', context, INTERVALS_EXPECTED);
  return intervals;
}

function parseInterval(pair: unknown, context: ReadContext): Interval {
  const [opened, closed]: unknown[] = Array.isArray(pair) ? pair : [];
  const parse = (value: unknown) =>
    typeof value === 'string' || typeof value === 'number'
      ? parseTimestamp(value, { formats: [], zone: context.zone, assumedZones: context.assumedZones })
      : undefined;
  const openedAtMs = parse(opened);
  const closedAtMs = parse(closed);
  const isClosed = closed !== undefined && closed !== null;
  if (openedAtMs === undefined || (isClosed && closedAtMs === undefined)) {
    throw unreadable('intervals', context, INTERVALS_EXPECTED);
  }
  return { openedAtMs, closedAtMs };
}
