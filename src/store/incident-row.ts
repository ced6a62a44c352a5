import { hash } from 'node:crypto';
import { ENDS_KNOWN_FROM, type Incident, type Interval } from '../model/incident.ts';
import { type Dimensions, FLAGS, type IncidentSummary, STATUSES } from '../model/stored.ts';

export type Cell = string | number | null;

/** One row of `incidents`, as SQLite gives it. */
export type IncidentRow = Readonly<Record<string, unknown>>;

/** What the platform reports of an incident, by column; the counting state is not part of it. */
const CONTENT: readonly (readonly [column: string, cell: (incident: Incident, dimensionsRow: number) => Cell])[] = [
  ['id', ({ id }) => id],
  ['facet', (_incident, dimensionsRow) => dimensionsRow],
  ['status', ({ status }) => STATUSES.indexOf(status)],
  ['triggered_ms', ({ triggeredAtMs }) => triggeredAtMs],
  ['started_ms', ({ startedAtMs }) => startedAtMs ?? null],
  ['identified_ms', ({ identifiedAtMs }) => identifiedAtMs ?? null],
  ['acknowledged_ms', ({ acknowledgedAtMs }) => acknowledgedAtMs ?? null],
  ['mitigated_ms', ({ mitigatedAtMs }) => mitigatedAtMs ?? null],
  ['resolved_ms', ({ resolvedAtMs }) => resolvedAtMs ?? null],
  ['spans', (incident) => listText(spansOf(incident))],
  ['fingerprint_digest', ({ fingerprint }) => digestOf(fingerprint)],
  ['end_from', (incident) => incident.endKnownFrom ?? null],
  ['auto', ({ autoResolved }) => (autoResolved === undefined ? null : Number(autoResolved))],
  ['escalated', ({ escalatedAtMs }) => listText(escalatedAtMs)],
  ['reopened', ({ reopenedAtMs }) => listText(reopenedAtMs)],
  ['fingerprint', ({ fingerprint }) => fingerprint],
  ['title', ({ title }) => title],
  ['url', ({ url }) => url ?? null],
  ['updated_ms', ({ updatedAtMs }) => updatedAtMs],
  ['recovery_key', ({ recoveryKey }) => recoveryKey ?? null],
  ['subject', ({ subject }) => subject ?? null],
];

/** Columns of what the platform reports, in the order of `cellsOf`. */
export const CONTENT_COLUMNS: readonly string[] = CONTENT.map(([column]) => column);

export function cellsOf(incident: Incident, dimensionsRow: number): Cell[] {
  return CONTENT.map(([, cell]) => cell(incident, dimensionsRow));
}

/** Bits of FLAGS that the incident itself decides. */
export const CONTENT_FLAGS =
  FLAGS.merged |
  FLAGS.expired |
  FLAGS.flaky |
  FLAGS.deleted |
  FLAGS.escalated |
  FLAGS.reopened |
  FLAGS.autoResolved |
  FLAGS.imported |
  FLAGS.ofDeployment;

export function contentFlags(incident: Incident): number {
  return (
    (incident.merged ? FLAGS.merged : 0) |
    (incident.exclusion === 'expired' ? FLAGS.expired : 0) |
    (incident.exclusion === 'flagged' ? FLAGS.flagged : 0) |
    (incident.exclusion === 'flaky' ? FLAGS.flaky : 0) |
    ((incident.escalatedAtMs?.length ?? 0) > 0 ? FLAGS.escalated : 0) |
    ((incident.reopenedAtMs?.length ?? 0) > 0 ? FLAGS.reopened : 0) |
    (incident.autoResolved === true ? FLAGS.autoResolved : 0) |
    (incident.imported === true ? FLAGS.imported : 0) |
    (incident.ofDeployment === true ? FLAGS.ofDeployment : 0)
  );
}

/** True when storing one in place of the other would change nothing that the platform reports. */
export function isSameContent(a: Incident, b: Incident): boolean {
  const of = (one: Incident) => {
    const { priority = '', urgency = '', tag = '' } = one.severity;
    return JSON.stringify([cellsOf(one, 0), contentFlags(one), one.serviceId, one.team ?? '', priority, urgency, tag]);
  };
  return of(a) === of(b);
}

/** The incident that a row holds. */
export function incidentOf(row: IncidentRow, dimensions: Dimensions): Incident {
  const flags = number(row, 'marks');
  return {
    id: text(row, 'id') ?? '',
    recoveryKey: text(row, 'recovery_key'),
    subject: text(row, 'subject'),
    url: text(row, 'url'),
    title: text(row, 'title') ?? '',
    serviceId: dimensions.serviceId,
    serviceName: dimensions.serviceName,
    team: dimensions.team === '' ? undefined : dimensions.team,
    severity: dimensions.severity,
    status: STATUSES[number(row, 'status')] ?? 'triggered',
    startedAtMs: timestamp(row, 'started_ms'),
    triggeredAtMs: number(row, 'triggered_ms'),
    identifiedAtMs: timestamp(row, 'identified_ms'),
    acknowledgedAtMs: timestamp(row, 'acknowledged_ms'),
    mitigatedAtMs: timestamp(row, 'mitigated_ms'),
    resolvedAtMs: timestamp(row, 'resolved_ms'),
    endKnownFrom: ENDS_KNOWN_FROM.find((one) => one === row['end_from']),
    autoResolved: row['auto'] === null ? undefined : row['auto'] === 1,
    escalatedAtMs: list(row, 'escalated'),
    reopenedAtMs: list(row, 'reopened'),
    intervals: intervalsOf(row),
    merged: (flags & FLAGS.merged) !== 0,
    exclusion: exclusion(flags),
    fingerprint: text(row, 'fingerprint') ?? '',
    updatedAtMs: number(row, 'updated_ms'),
    imported: (flags & FLAGS.imported) === 0 ? undefined : true,
    ofDeployment: (flags & FLAGS.ofDeployment) === 0 ? undefined : true,
  };
}

/** The columns that statistics need, in the order of `storedFrom`; where the configuration filters by title, it follows. */
export const STORED_COLUMNS =
  'row, facet, marks, status, triggered_ms, started_ms, identified_ms, acknowledged_ms, mitigated_ms, resolved_ms, fingerprint_digest, spans';
const STORED: readonly string[] = [...STORED_COLUMNS.split(', '), 'title'];

/** What statistics need of a row with all columns. */
export function storedOf(row: IncidentRow): IncidentSummary {
  return storedFrom(STORED.map((column) => row[column]));
}

/** The same of the cells of STORED_COLUMNS, and of the title behind them if it is wanted. */
export function storedFrom(cells: Readonly<Record<number, unknown>>): IncidentSummary {
  const numberAt = (at: number) => asNumber(cells[at], STORED[at]);
  return {
    row: numberAt(0),
    dimensionsRow: numberAt(1),
    flags: numberAt(2),
    status: numberAt(3),
    triggeredAtMs: numberAt(4),
    startedAtMs: asTimestamp(cells[5]),
    identifiedAtMs: asTimestamp(cells[6]),
    acknowledgedAtMs: asTimestamp(cells[7]),
    mitigatedAtMs: asTimestamp(cells[8]),
    resolvedAtMs: asTimestamp(cells[9]),
    fingerprint: numberAt(10),
    spans: asList(cells[11]),
    title: asText(cells[12]),
  };
}

/** 52 bits of SHA-256: a million different fingerprints collide with a probability of about 1 in 9,000. */
function digestOf(fingerprint: string): number {
  return Number.parseInt(hash('sha256', fingerprint, 'hex').slice(0, 13), 16);
}

/** `IncidentSummary.spans`: opening and closing times in turn, unless there is just the span from trigger to resolve. */
export function spansOf({ intervals, triggeredAtMs, resolvedAtMs }: Incident): number[] | undefined {
  const [first, second] = intervals;
  const isPlain = second === undefined && first?.openedAtMs === triggeredAtMs && first.closedAtMs === resolvedAtMs;
  if (first === undefined || isPlain) return undefined;
  return intervals.flatMap(({ openedAtMs, closedAtMs }) =>
    closedAtMs === undefined ? [openedAtMs] : [openedAtMs, closedAtMs],
  );
}

function intervalsOf(row: IncidentRow): Interval[] {
  const flat = list(row, 'spans') ?? [number(row, 'triggered_ms'), ...[timestamp(row, 'resolved_ms') ?? []].flat()];
  const intervals: Interval[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    intervals.push({ openedAtMs: flat[at] ?? 0, closedAtMs: flat[at + 1] });
  }
  return intervals;
}

function exclusion(flags: number): Incident['exclusion'] {
  if ((flags & FLAGS.flagged) === FLAGS.flagged) return 'flagged';
  if ((flags & FLAGS.expired) !== 0) return 'expired';
  return (flags & FLAGS.flaky) === 0 ? undefined : 'flaky';
}

function listText(times: readonly number[] | undefined): string | null {
  return times === undefined ? null : JSON.stringify(times);
}

/** Times written by `listText`; undefined where there was no list. */
export function list(row: IncidentRow, column: string): number[] | undefined {
  return asList(row[column]);
}

export function number(row: IncidentRow, column: string): number {
  return asNumber(row[column], column);
}

export function timestamp(row: IncidentRow, column: string): number | undefined {
  return asTimestamp(row[column]);
}

export function text(row: IncidentRow, column: string): string | undefined {
  return asText(row[column]);
}

function asNumber(value: unknown, column: string | undefined): number {
  if (typeof value !== 'number') throw new Error(`the store holds no number in incidents.${column}`);
  return value;
}

function asTimestamp(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function asList(value: unknown): number[] | undefined {
  if (typeof value !== 'string') return undefined;
  const parsed: unknown = JSON.parse(value);
  return Array.isArray(parsed) ? parsed.filter((one) => typeof one === 'number') : undefined;
}
