import type { RecoveryLimits } from '../../config/types.ts';
import type { Incident } from '../../model/incident.ts';
import { findExclusion, type LabelledFields, type Labels, toAlertId } from '../alerts.ts';
import type { Alert } from './schema.ts';

export interface MergeRules {
  readonly limits: RecoveryLimits;
  readonly readLabels: (labels: Labels) => LabelledFields;
}

/** What is known now: alerts as somebody told of them, and ends that readings showed. */
export interface Evidence {
  readonly alerts: readonly Alert[];
  /** When it was told. */
  readonly heardAtMs: number;
  /** A reading tells that alerts fire, but says nothing new of those that are known to. */
  readonly isReading: boolean;
  /** Ends by id: the first reading that did not show the alert. */
  readonly absentSinceMs: ReadonlyMap<string, number>;
}

/** One alert from its start to its end. */
interface Occurrence {
  readonly startsAtMs: number;
  readonly fields: LabelledFields & Pick<Incident, 'url'>;
  readonly heardAtMs: number;
  readonly end: { readonly atMs: number; readonly from: 'resolve_event' | 'absence' } | undefined;
}

/**
 * The incidents of one subject that this evidence adds or changes; `stored` are all of them that are known. What was told
 * counts in any order and any number of times: the latest told end decides; without one the alert ended where readings no
 * longer showed it, at an unknown time if it began anew since, and else it still fires.
 */
export function mergeAlerts(
  subject: string,
  stored: readonly Incident[],
  evidence: Evidence,
  rules: MergeRules,
): Incident[] {
  const before = new Map(stored.map((incident) => [incident.id, incident]));
  const occurrences = new Map(stored.map((incident) => [incident.id, toOccurrence(incident)]));
  for (const alert of evidence.alerts) {
    const id = toAlertId(subject, alert.startsAtMs);
    occurrences.set(id, hear(occurrences.get(id), alert, evidence, rules));
  }
  for (const [id, atMs] of evidence.absentSinceMs) {
    const known = occurrences.get(id);
    if (known !== undefined && known.end === undefined)
      occurrences.set(id, { ...known, end: { atMs, from: 'absence' } });
  }
  const sorted = [...occurrences.values()].sort((a, b) => a.startsAtMs - b.startsAtMs);
  return toIncidents(subject, sorted, rules.limits).filter((incident) => !isSame(before.get(incident.id), incident));
}

function toOccurrence(incident: Incident): Occurrence {
  const { triggeredAtMs, resolvedAtMs, endKnownFrom, updatedAtMs } = incident;
  const { url, title, serviceId, serviceName, team, severity } = incident;
  const isTold = endKnownFrom === 'resolve_event' || endKnownFrom === 'absence';
  return {
    startsAtMs: triggeredAtMs,
    fields: { url, title, serviceId, serviceName, team, severity },
    heardAtMs: updatedAtMs,
    end: isTold && resolvedAtMs !== undefined ? { atMs: resolvedAtMs, from: endKnownFrom } : undefined,
  };
}

function hear(
  known: Occurrence | undefined,
  { startsAtMs, end, labels, url }: Alert,
  { heardAtMs, isReading }: Evidence,
  { readLabels }: MergeRules,
): Occurrence {
  const told = { startsAtMs, fields: { ...readLabels(labels), url }, heardAtMs };
  if (end !== undefined) {
    const toldBeforeMs = known?.end?.from === 'resolve_event' ? known.end.atMs : end.atMs;
    return { ...told, end: { atMs: Math.max(end.atMs, toldBeforeMs), from: 'resolve_event' } };
  }
  // It was told that it fires, maybe late: an end that was told stays.
  if (known?.end?.from === 'resolve_event') return { ...known, fields: told.fields };
  if (isReading && known !== undefined && known.end === undefined) return { ...known, fields: told.fields };
  return { ...told, heardAtMs: Math.max(heardAtMs, known?.heardAtMs ?? heardAtMs), end: undefined };
}

/** How an occurrence ended. */
type End = Pick<Incident, 'resolvedAtMs' | 'endKnownFrom' | 'exclusion' | 'merged'>;

/** In order of their starts. */
function toIncidents(subject: string, sorted: readonly Occurrence[], limits: RecoveryLimits): Incident[] {
  let toldUntilMs = 0;
  return sorted.map((one, index) => {
    const end = findEnd(one, { nextMs: sorted[index + 1]?.startsAtMs, toldUntilMs }, limits);
    if (one.end?.from === 'resolve_event') toldUntilMs = Math.max(toldUntilMs, one.end.atMs);
    return toIncident(subject, one, end);
  });
}

interface Neighbours {
  /** When it began anew. */
  readonly nextMs: number | undefined;
  /** The latest told end of those before it. */
  readonly toldUntilMs: number;
}

function findEnd({ startsAtMs, end }: Occurrence, { nextMs, toldUntilMs }: Neighbours, limits: RecoveryLimits): End {
  const hasBegunAnew = nextMs !== undefined && nextMs <= (end?.atMs ?? Number.POSITIVE_INFINITY);
  if (end !== undefined && (end.from === 'resolve_event' || !hasBegunAnew)) {
    const exclusion = findExclusion(end.atMs - startsAtMs, limits);
    return { resolvedAtMs: end.atMs, endKnownFrom: end.from, exclusion, merged: false };
  }
  // Alertmanager joins alerts that overlap and keeps the earliest start: this one went on as the one before it.
  if (toldUntilMs > startsAtMs) return { resolvedAtMs: toldUntilMs, merged: true };
  if (nextMs !== undefined) return { resolvedAtMs: nextMs, exclusion: 'expired', merged: false };
  return { merged: false };
}

function toIncident(subject: string, { startsAtMs, fields, heardAtMs }: Occurrence, end: End): Incident {
  return {
    id: toAlertId(subject, startsAtMs),
    subject,
    ...fields,
    status: end.resolvedAtMs === undefined ? 'triggered' : 'resolved',
    triggeredAtMs: startsAtMs,
    ...end,
    intervals: [{ openedAtMs: startsAtMs, closedAtMs: end.resolvedAtMs }],
    fingerprint: subject,
    // While it is open, when it was heard of last: older readings say nothing of it.
    updatedAtMs: end.resolvedAtMs ?? heardAtMs,
  };
}

function isSame(before: Incident | undefined, after: Incident): boolean {
  if (before === undefined) return false;
  const keys = ['url', 'title', 'serviceId', 'serviceName', 'team', 'status', 'resolvedAtMs', 'endKnownFrom'] as const;
  return (
    keys.every((key) => before[key] === after[key]) &&
    before.exclusion === after.exclusion &&
    before.merged === after.merged &&
    before.severity.tag === after.severity.tag &&
    before.updatedAtMs === after.updatedAtMs
  );
}
