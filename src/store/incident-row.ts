import { hash } from 'node:crypto';
import { ENDS_KNOWN_FROM, type EndKnownFrom, type Incident, type Interval } from '../model/incident.ts';
import { type Facet, MARKS, STATUSES, type StoredIncident } from '../model/stored.ts';

export type Cell = string | number | null;

/** Columns that say what an incident is, in the order of `cellsOf`; the store's own bookkeeping is not among them. */
export const CONTENT_COLUMNS = [
  'id',
  'facet',
  'status',
  'triggered_ms',
  'started_ms',
  'identified_ms',
  'acknowledged_ms',
  'mitigated_ms',
  'resolved_ms',
  'spans',
  'fingerprint_digest',
  'end_from',
  'auto',
  'escalated',
  'reopened',
  'fingerprint',
  'title',
  'url',
  'updated_ms',
  'recovery_key',
  'subject',
] as const;

/** One row of `incidents`, as SQLite gives it. */
export type IncidentRow = Readonly<Record<string, unknown>>;

/** The cells of CONTENT_COLUMNS. */
export function cellsOf(incident: Incident, facet: number): Cell[] {
  return [
    incident.id,
    facet,
    STATUSES.indexOf(incident.status),
    incident.triggeredAtMs,
    incident.startedAtMs ?? null,
    incident.identifiedAtMs ?? null,
    incident.acknowledgedAtMs ?? null,
    incident.mitigatedAtMs ?? null,
    incident.resolvedAtMs ?? null,
    spansText(incident),
    digestOf(incident.fingerprint),
    incident.endKnownFrom ?? null,
    incident.autoResolved === undefined ? null : Number(incident.autoResolved),
    listText(incident.escalatedAtMs),
    listText(incident.reopenedAtMs),
    incident.fingerprint,
    incident.title,
    incident.url ?? null,
    incident.updatedAtMs,
    incident.recoveryKey ?? null,
    incident.subject ?? null,
  ];
}

/** Bits of MARKS that the incident itself decides. */
export const CONTENT_MARKS =
  MARKS.merged |
  MARKS.expired |
  MARKS.flaky |
  MARKS.deleted |
  MARKS.escalated |
  MARKS.reopened |
  MARKS.autoResolved |
  MARKS.imported;

export function contentMarks(incident: Incident): number {
  return (
    (incident.merged ? MARKS.merged : 0) |
    (incident.setApart === 'expired' ? MARKS.expired : 0) |
    (incident.setApart === 'flaky' ? MARKS.flaky : 0) |
    ((incident.escalatedAtMs?.length ?? 0) > 0 ? MARKS.escalated : 0) |
    ((incident.reopenedAtMs?.length ?? 0) > 0 ? MARKS.reopened : 0) |
    (incident.autoResolved === true ? MARKS.autoResolved : 0) |
    (incident.imported === true ? MARKS.imported : 0)
  );
}

/** True when storing the one in place of the other would change nothing of what the platform says. */
export function isSameContent(a: Incident, b: Incident): boolean {
  const of = (one: Incident) => {
    const { priority = '', urgency = '', tag = '' } = one.severity;
    return JSON.stringify([cellsOf(one, 0), contentMarks(one), one.serviceId, one.team ?? '', priority, urgency, tag]);
  };
  return of(a) === of(b);
}

/** The incident that a row holds. */
export function incidentOf(row: IncidentRow, facet: Facet): Incident {
  const marks = number(row, 'marks');
  return {
    id: text(row, 'id') ?? '',
    recoveryKey: text(row, 'recovery_key'),
    subject: text(row, 'subject'),
    url: text(row, 'url'),
    title: text(row, 'title') ?? '',
    serviceId: facet.serviceId,
    serviceName: facet.serviceName,
    team: facet.team === '' ? undefined : facet.team,
    severity: facet.severity,
    status: STATUSES[number(row, 'status')] ?? 'triggered',
    startedAtMs: instant(row, 'started_ms'),
    triggeredAtMs: number(row, 'triggered_ms'),
    identifiedAtMs: instant(row, 'identified_ms'),
    acknowledgedAtMs: instant(row, 'acknowledged_ms'),
    mitigatedAtMs: instant(row, 'mitigated_ms'),
    resolvedAtMs: instant(row, 'resolved_ms'),
    endKnownFrom: endKnownFrom(row),
    autoResolved: row['auto'] === null ? undefined : row['auto'] === 1,
    escalatedAtMs: list(row, 'escalated'),
    reopenedAtMs: list(row, 'reopened'),
    intervals: intervalsOf(row),
    merged: (marks & MARKS.merged) !== 0,
    setApart: setApart(marks),
    fingerprint: text(row, 'fingerprint') ?? '',
    updatedAtMs: number(row, 'updated_ms'),
    imported: (marks & MARKS.imported) === 0 ? undefined : true,
  };
}

/** What statistics need of a row with all columns. */
export function storedOf(row: IncidentRow): StoredIncident {
  return {
    row: number(row, 'row'),
    facet: number(row, 'facet'),
    marks: number(row, 'marks'),
    status: number(row, 'status'),
    triggeredAtMs: number(row, 'triggered_ms'),
    startedAtMs: instant(row, 'started_ms'),
    identifiedAtMs: instant(row, 'identified_ms'),
    acknowledgedAtMs: instant(row, 'acknowledged_ms'),
    mitigatedAtMs: instant(row, 'mitigated_ms'),
    resolvedAtMs: instant(row, 'resolved_ms'),
    fingerprint: number(row, 'fingerprint_digest'),
    spans: list(row, 'spans'),
    title: text(row, 'title'),
  };
}

/** 52 bits of SHA-256: a million different fingerprints collide with a probability of about 1 in 9,000. */
function digestOf(fingerprint: string): number {
  return Number.parseInt(hash('sha256', fingerprint, 'hex').slice(0, 13), 16);
}

/** There is just the span from trigger to resolve. */
function isPlain({ intervals, triggeredAtMs, resolvedAtMs }: Incident): boolean {
  const [first, second] = intervals;
  if (first === undefined) return true;
  return second === undefined && first.openedAtMs === triggeredAtMs && first.closedAtMs === resolvedAtMs;
}

function spansText(incident: Incident): string | null {
  return isPlain(incident) ? null : JSON.stringify(flatSpans(incident));
}

/** `StoredIncident.spans` */
export function spansOf(incident: Incident): number[] | undefined {
  return isPlain(incident) ? undefined : flatSpans(incident);
}

/** Open and close instants in turn; an open last span has no close. */
function flatSpans(incident: Incident): number[] {
  return incident.intervals.flatMap(({ openedAtMs, closedAtMs }) =>
    closedAtMs === undefined ? [openedAtMs] : [openedAtMs, closedAtMs],
  );
}

function intervalsOf(row: IncidentRow): Interval[] {
  const flat = list(row, 'spans') ?? [number(row, 'triggered_ms'), ...[instant(row, 'resolved_ms') ?? []].flat()];
  const intervals: Interval[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    intervals.push({ openedAtMs: flat[at] ?? 0, closedAtMs: flat[at + 1] });
  }
  return intervals;
}

function listText(instants: readonly number[] | undefined): string | null {
  return instants === undefined ? null : JSON.stringify(instants);
}

/** Instants written by `listText`; undefined where there was no list. */
export function list(row: IncidentRow, column: string): number[] | undefined {
  return listIn(row[column]);
}

/** The same for one cell. */
export function listIn(value: unknown): number[] | undefined {
  if (typeof value !== 'string') return undefined;
  const parsed: unknown = JSON.parse(value);
  return Array.isArray(parsed) ? parsed.filter((one) => typeof one === 'number') : undefined;
}

export function number(row: IncidentRow, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new Error(`the store holds no number in incidents.${column}`);
  return value;
}

export function instant(row: IncidentRow, column: string): number | undefined {
  const value = row[column];
  return typeof value === 'number' ? value : undefined;
}

export function text(row: IncidentRow, column: string): string | undefined {
  const value = row[column];
  return typeof value === 'string' ? value : undefined;
}

function endKnownFrom(row: IncidentRow): EndKnownFrom | undefined {
  return ENDS_KNOWN_FROM.find((one) => one === row['end_from']);
}

function setApart(marks: number): 'expired' | 'flaky' | undefined {
  if ((marks & MARKS.expired) !== 0) return 'expired';
  return (marks & MARKS.flaky) === 0 ? undefined : 'flaky';
}
