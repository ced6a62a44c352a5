import type { FacetReading, Reader } from '../../config/reading.ts';
import type { Config, SeverityConfig } from '../../config/types.ts';
import type { Incident } from '../../model/incident.ts';
import { isKept, recoveryMs, type StoredIncident } from '../../model/stored.ts';
import { DAY_MS, MINUTE_MS } from '../../model/time.ts';
import type { StatisticsSettings } from '../../stats/rows.ts';
import type { History, Recorded } from '../../store/history.ts';
import { EXCLUSION_TEXTS, findExclusion, toLabels } from '../exclusion.ts';
import { figuresOf, rowOf } from '../statistic-info.ts';
import { openTimeline, type ReportedProvider, reachOf } from '../timeline.ts';

export interface FactsInput extends ComparisonInput {
  readonly severities: Config['severities'];
}

/** One duration, beside what was aimed at where there is such an aim. */
export interface Measured {
  readonly kind: 'detection' | 'acknowledgement' | 'identification' | 'mitigation' | 'recovery' | 'open so far';
  readonly minutes: number;
  readonly targetMinutes: number | undefined;
}

/** All that is known of an incident before people add what they know; no person is in it. */
export interface Facts {
  readonly provider: string;
  readonly incident: Incident;
  readonly service: string;
  /** `none` without one. */
  readonly team: string;
  readonly severity: Pick<SeverityConfig, 'name' | 'title'>;
  /** Why no statistic counts it; undefined for those that are counted. */
  readonly uncounted: string | undefined;
  /** How far its provider was read. */
  readonly readUntilMs: number;
  readonly durations: readonly Measured[];
  readonly events: readonly Event[];
  readonly similar: Similar;
  readonly comparisons: readonly Comparison[];
  readonly reopened: StatisticsSettings['reopened'];
}

/** Gathers what is known of an incident; goes over the history twice. */
export function gatherFacts(input: FactsInput): Facts {
  const { history, recorded, settings, severities } = input;
  const { provider, stored, incident } = recorded;
  const reading = readingOf(input);
  const severity = severities.find(({ name }) => name === reading.severity.name);
  const state = history.providers.find(({ name }) => name === provider);
  const readUntilMs = (state === undefined ? undefined : reachOf(state)?.readUntilMs) ?? incident.updatedAtMs;
  return {
    provider,
    incident,
    service: reading.service,
    team: reading.team,
    severity: severity ?? { name: reading.severity.name, title: undefined },
    uncounted: uncountedReason(input, reading),
    readUntilMs,
    durations: durationsOf({ recorded, severity, readUntilMs, reopened: settings.reopened }),
    events: eventsOf(incident),
    similar: similarTo(stored, { history, reopened: settings.reopened }),
    comparisons: comparisonsOf(input),
    reopened: settings.reopened,
  };
}

function readingOf({ history, recorded: { provider, stored }, reader }: FactsInput): FacetReading {
  const reading = reader(provider)?.facet(history.facet(stored.facet));
  if (reading === undefined) throw new Error(`no provider is called ${provider}`);
  return reading;
}

function uncountedReason({ recorded, reader, settings }: FactsInput, reading: FacetReading): string | undefined {
  const { stored, incident, provider } = recorded;
  const own = reader(provider);
  if (own === undefined) return undefined;
  const subject = { ...stored, title: incident.title, recoveryMs: recoveryMs(stored, settings.reopened) };
  const exclusion = findExclusion(subject, toLabels(reading), own) ?? (incident.merged ? 'merged' : undefined);
  return exclusion === undefined ? undefined : EXCLUSION_TEXTS[exclusion];
}

interface DurationsInput {
  readonly recorded: Recorded;
  readonly severity: SeverityConfig | undefined;
  readonly readUntilMs: number;
  readonly reopened: StatisticsSettings['reopened'];
}

function durationsOf({ recorded, severity, readUntilMs, reopened }: DurationsInput): Measured[] {
  const { incident, stored } = recorded;
  const { triggeredAtMs, startedAtMs, acknowledgedAtMs, identifiedAtMs, mitigatedAtMs } = incident;
  const measured = (kind: Measured['kind'], ms: number | undefined, targetMs?: number): Measured[] => {
    const targetMinutes = targetMs === undefined ? undefined : targetMs / MINUTE_MS;
    return ms === undefined ? [] : [{ kind, minutes: ms / MINUTE_MS, targetMinutes }];
  };
  const since = (ms: number | undefined) => (ms === undefined ? undefined : ms - triggeredAtMs);
  const isOpen = incident.resolvedAtMs === undefined && !incident.merged && incident.exclusion === undefined;
  return [
    ...measured('detection', startedAtMs === undefined ? undefined : triggeredAtMs - startedAtMs),
    ...measured('acknowledgement', since(acknowledgedAtMs), severity?.acknowledgeMs),
    ...measured('identification', since(identifiedAtMs)),
    ...measured('mitigation', since(mitigatedAtMs)),
    ...measured('recovery', recoveryMs(stored, reopened), severity?.targetMs),
    ...measured('open so far', isOpen ? Math.max(0, readUntilMs - triggeredAtMs) : undefined, severity?.targetMs),
  ];
}

/** Something that happened; never by whom. */
export interface Event {
  readonly atMs: number;
  readonly text: string;
}

/** What happened, in order; at one instant in the order in which such things follow each other. */
export function eventsOf(incident: Incident): Event[] {
  const { startedAtMs, acknowledgedAtMs, identifiedAtMs, mitigatedAtMs, escalatedAtMs = [] } = incident;
  const event = (text: string, atMs: number | undefined): Event[] => (atMs === undefined ? [] : [{ atMs, text }]);
  const events = [
    ...event('Impact began', startedAtMs),
    ...openings(incident),
    ...event('Acknowledged', acknowledgedAtMs),
    ...escalatedAtMs.flatMap((atMs, place) =>
      event(escalatedAtMs.length > 1 ? `Escalated (${place + 1})` : 'Escalated', atMs),
    ),
    ...event('Cause identified', identifiedAtMs),
    ...event('Mitigated', mitigatedAtMs),
    ...closings(incident),
  ];
  return events.sort((a, b) => a.atMs - b.atMs);
}

function openings({ intervals, triggeredAtMs }: Incident): Event[] {
  return [
    { atMs: triggeredAtMs, text: 'Triggered' },
    ...intervals.slice(1).map(({ openedAtMs }) => ({ atMs: openedAtMs, text: 'Reopened' })),
  ];
}

function closings({ intervals, merged, autoResolved, exclusion }: Incident): Event[] {
  return intervals.flatMap(({ closedAtMs }, place) => {
    if (closedAtMs === undefined) return [];
    if (place < intervals.length - 1) return [{ atMs: closedAtMs, text: 'Resolved, for a time' }];
    if (merged) return [{ atMs: closedAtMs, text: 'Merged into another incident' }];
    if (exclusion === 'expired') return [{ atMs: closedAtMs, text: 'Given up as lost' }];
    return [{ atMs: closedAtMs, text: autoResolved === true ? 'Resolved automatically' : 'Resolved' }];
  });
}

/** Incidents resolved in so many days before the trigger are what one is compared with. */
export const COMPARED_DAYS = 90;

export interface ComparisonInput {
  readonly history: History;
  /** The incident that is looked at. */
  readonly recorded: Recorded;
  /** As configured; windows and groupings do not matter. */
  readonly settings: StatisticsSettings;
  readonly providers: readonly ReportedProvider[];
  readonly reader: (provider: string) => Reader | undefined;
}

/** What was usual when it began. */
export interface Comparison {
  readonly grouping: 'service' | 'severity';
  readonly name: string;
  /** Absent where nothing was resolved in that time. */
  readonly medianMinutes: number | undefined;
  readonly meanMinutes: number | undefined;
  readonly resolved: number;
  /** History covers all of that time. */
  readonly isWhole: boolean;
}

/** The usual recovery times of its service and of its severity before it was triggered. */
export function comparisonsOf(input: ComparisonInput): Comparison[] {
  const { history, recorded, settings, reader } = input;
  const { stored, provider } = recorded;
  const labels = history.labels(stored.facet);
  if (labels === undefined || labels.excluded) return [];
  const compared = comparedProviders(input);
  const timeline = openTimeline({
    history,
    reader,
    providers: compared.map((one) => ({ ...one, isOverall: true })),
    settings: {
      ...settings,
      windows: [{ name: `${COMPARED_DAYS}d`, ms: COMPARED_DAYS * DAY_MS }],
      groupings: ['service', 'severity'],
      detail: 'full',
    },
    isWanted: (one) => one.service === labels.service || one.severity === labels.severity,
  });
  // What ended at the very instant of the trigger may be the incident itself.
  const rows = timeline.at(stored.triggeredAtMs - 1);
  const isWhole = history.providers
    .filter(({ name }) => name === provider)
    .every(
      (state) =>
        (reachOf(state)?.historyStartMs ?? Number.POSITIVE_INFINITY) <= stored.triggeredAtMs - COMPARED_DAYS * DAY_MS,
    );
  return (['service', 'severity'] as const).map((grouping) => {
    const name = labels[grouping];
    const row = rowOf(rows, grouping, name);
    const { p50, mttr, resolved = 0 } = row === undefined ? {} : figuresOf(row, 0);
    return { grouping, name, medianMinutes: p50, meanMinutes: mttr, resolved, isWhole };
  });
}

/** An incident of a provider that is kept out of overall rows is compared with those of that provider. */
function comparedProviders({ providers, recorded }: ComparisonInput) {
  const own = providers.find(({ name }) => name === recorded.provider);
  if (own === undefined) return [];
  return own.isOverall ? providers.filter(({ isOverall }) => isOverall) : [own];
}

/** Earlier incidents that are named; the others are counted. */
const NAMED_MAX = 5;

export interface SimilarIncident {
  readonly id: string;
  readonly url: string | undefined;
  readonly triggeredAtMs: number;
  /** Its recovery; undefined without one. */
  readonly minutes: number | undefined;
}

/** Earlier incidents of the same trouble. */
export interface Similar {
  readonly count: number;
  /** The last ones, the newest first. */
  readonly last: readonly SimilarIncident[];
}

/** Finds those with the same fingerprint that were triggered earlier. */
export function similarTo(
  incident: StoredIncident,
  { history, reopened }: { readonly history: History; readonly reopened: 'last' | 'first' | 'sum' },
): Similar {
  let count = 0;
  let newest: StoredIncident[] = [];
  history.each((other) => {
    if (other.fingerprint !== incident.fingerprint || other.row === incident.row || !isKept(other.marks)) return;
    if (!isEarlier(other, incident)) return;
    count += 1;
    newest.push(other);
    if (newest.length > NAMED_MAX) newest = newest.sort(byTrigger).slice(0, NAMED_MAX);
  });
  newest.sort(byTrigger);
  const last = history.recorded(newest.map(({ row }) => row)).map(({ incident: found, stored }) => {
    const ms = recoveryMs(stored, reopened);
    const { id, url, triggeredAtMs } = found;
    return { id, url, triggeredAtMs, minutes: ms === undefined ? undefined : ms / MINUTE_MS };
  });
  return { count, last };
}

function isEarlier(other: StoredIncident, incident: StoredIncident): boolean {
  return byTrigger(incident, other) < 0;
}

/** The newest first. */
function byTrigger(a: StoredIncident, b: StoredIncident): number {
  return b.triggeredAtMs - a.triggeredAtMs || b.row - a.row;
}
