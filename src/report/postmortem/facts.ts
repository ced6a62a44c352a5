import type { MappedLabels } from '../../config/label-mapper.ts';
import type { Config, SeverityConfig } from '../../config/types.ts';
import type { Incident } from '../../model/incident.ts';
import {
  clockStartMs,
  FLAGS,
  type IncidentSummary,
  isCountable,
  type RecoveryRules,
  recoveryMs,
} from '../../model/stored.ts';
import { DAY_MS, MINUTE_MS } from '../../model/time.ts';
import type { StatisticsSettings } from '../../stats/rows.ts';
import type { IncidentDetails, StoreSnapshot } from '../../store/snapshot.ts';
import { createDeploymentIndex, type DeploymentBefore } from '../dora/deployments-before.ts';
import { EXCLUSION_TEXTS, findExclusion, toLabels } from '../exclusion.ts';
import { findRow, readStatistics } from '../statistic-info.ts';
import { createTimeline, findCoverage, type HistoryInput, type ReportedProvider } from '../timeline.ts';

/** Incidents resolved in so many days before the trigger are what one is compared with. */
export const COMPARED_DAYS = 90;
const COMPARED_MS = COMPARED_DAYS * DAY_MS;
/** Earlier incidents that are named; the others are counted. */
const SIMILAR_MAX = 5;

/** As configured; windows and groupings do not matter. */
export interface FactsInput extends HistoryInput {
  /** The incident that is looked at. */
  readonly details: IncidentDetails;
  readonly severities: Config['severities'];
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
  readonly exclusionText: string | undefined;
  /** How far its provider was read. */
  readonly readUntilMs: number;
  readonly durations: readonly Duration[];
  readonly resolution: Resolution;
  readonly events: readonly Event[];
  readonly similar: SimilarIncidents;
  readonly comparisons: readonly Comparison[];
  readonly reopened: StatisticsSettings['reopened'];
  /** The deployments of its service that were live when it was triggered, newest first; undefined where none are read. */
  readonly deployments: readonly DeploymentBefore[] | undefined;
}

/** Gathers what is known of an incident; goes over the incidents twice, and over the deployments once. */
export function gatherFacts(input: FactsInput): Facts {
  const { history, details, settings, severities, labelMapper } = input;
  const { provider, stored, incident } = details;
  const labels = labelMapper(provider)?.map(history.dimensions(stored.dimensionsRow));
  if (labels === undefined) throw new Error(`no provider is called ${provider}`);
  const severity = severities.find(({ name }) => name === labels.severity.name);
  const state = history.providers.find(({ name }) => name === provider);
  const readUntilMs = (state === undefined ? undefined : findCoverage(state)?.readUntilMs) ?? incident.updatedAtMs;
  return {
    provider,
    incident,
    service: labels.service,
    team: labels.team,
    severity: severity ?? { name: labels.severity.name, title: undefined },
    exclusionText: findExclusionText(input, labels),
    readUntilMs,
    durations: measureDurations(details, {
      stages: severity?.stageTargetsMs,
      targetMs: labels.targetMs,
      readUntilMs,
      settings,
    }),
    resolution: findResolution(details),
    events: listEvents(incident),
    similar: findSimilar(stored, history, settings),
    comparisons: compareWithUsual(input),
    reopened: settings.reopened,
    deployments: findDeployments(history, labels.service, incident.triggeredAtMs),
  };
}

function findDeployments(history: StoreSnapshot, service: string, atMs: number): Facts['deployments'] {
  const index = createDeploymentIndex(history);
  return index.isKnown ? index.findBefore(service, atMs) : undefined;
}

function findExclusionText({ details, labelMapper: findLabelMapper, settings }: FactsInput, labels: MappedLabels) {
  const { stored, incident, provider } = details;
  const labelMapper = findLabelMapper(provider);
  if (labelMapper === undefined) return undefined;
  const subject = { ...stored, title: incident.title, recoveryMs: recoveryMs(stored, settings) };
  const exclusion = findExclusion(subject, toLabels(labels), labelMapper) ?? (incident.merged ? 'merged' : undefined);
  return exclusion === undefined ? undefined : EXCLUSION_TEXTS[exclusion];
}

/** How an incident ended, as far as is known. */
export const RESOLUTION_STATES = ['open', 'resolved', 'merged', 'deleted', 'flagged', 'expired', 'flaky'] as const;
export type Resolution = (typeof RESOLUTION_STATES)[number];

function findResolution({ stored, incident }: IncidentDetails): Resolution {
  const { merged, exclusion, resolvedAtMs } = incident;
  if ((stored.flags & FLAGS.deleted) !== 0) return 'deleted';
  if (merged) return 'merged';
  if (exclusion !== undefined) return exclusion;
  return resolvedAtMs === undefined ? 'open' : 'resolved';
}

/** The clocks of an incident; the last one while it is open. */
export const DURATION_KINDS = [
  'detection',
  'acknowledgement',
  'identification',
  'mitigation',
  'recovery',
  'open so far',
] as const;

/** One duration, beside its target where there is one. */
export interface Duration {
  readonly kind: (typeof DURATION_KINDS)[number];
  readonly minutes: number;
  readonly targetMinutes: number | undefined;
}

interface DurationRules {
  readonly stages: SeverityConfig['stageTargetsMs'] | undefined;
  readonly targetMs: number | undefined;
  readonly readUntilMs: number;
  readonly settings: RecoveryRules;
}

function measureDurations(
  details: IncidentDetails,
  { stages, targetMs: recoveryTargetMs, readUntilMs, settings }: DurationRules,
): Duration[] {
  const { incident, stored } = details;
  const { triggeredAtMs, startedAtMs, acknowledgedAtMs, identifiedAtMs, mitigatedAtMs } = incident;
  const toDurations = (kind: Duration['kind'], ms: number | undefined, targetMs?: number): Duration[] => {
    const targetMinutes = targetMs === undefined ? undefined : targetMs / MINUTE_MS;
    return ms === undefined ? [] : [{ kind, minutes: ms / MINUTE_MS, targetMinutes }];
  };
  const sinceTrigger = (ms: number | undefined) => (ms === undefined ? undefined : ms - triggeredAtMs);
  const startMs = clockStartMs(stored, settings);
  const detectionMs = startedAtMs === undefined ? undefined : triggeredAtMs - startedAtMs;
  const isOpen = findResolution(details) === 'open';
  return [
    ...toDurations('detection', detectionMs, stages?.detection),
    ...toDurations('acknowledgement', sinceTrigger(acknowledgedAtMs), stages?.acknowledgement),
    ...toDurations('identification', sinceTrigger(identifiedAtMs), stages?.identification),
    ...toDurations('mitigation', sinceTrigger(mitigatedAtMs), stages?.mitigation),
    ...toDurations('recovery', recoveryMs(stored, settings), recoveryTargetMs),
    ...toDurations('open so far', isOpen ? Math.max(0, readUntilMs - startMs) : undefined, recoveryTargetMs),
  ];
}

/** Something that happened; never by whom. */
export interface Event {
  readonly atMs: number;
  readonly text: string;
}

/** What happened, in order; at one time in the order in which such things follow each other. */
function listEvents(incident: Incident): Event[] {
  const { startedAtMs, triggeredAtMs, acknowledgedAtMs, identifiedAtMs, mitigatedAtMs, intervals } = incident;
  const { escalatedAtMs = [] } = incident;
  const toEvents = (text: string, atMs: number | undefined): Event[] => (atMs === undefined ? [] : [{ atMs, text }]);
  const events = [
    ...toEvents('Impact began', startedAtMs),
    { atMs: triggeredAtMs, text: 'Triggered' },
    ...intervals.slice(1).map(({ openedAtMs }) => ({ atMs: openedAtMs, text: 'Reopened' })),
    ...toEvents('Acknowledged', acknowledgedAtMs),
    ...escalatedAtMs.map((atMs, index) => {
      return { atMs, text: escalatedAtMs.length > 1 ? `Escalated (${index + 1})` : 'Escalated' };
    }),
    ...toEvents('Cause identified', identifiedAtMs),
    ...toEvents('Mitigated', mitigatedAtMs),
    ...intervals.flatMap(({ closedAtMs }, index) =>
      toEvents(describeEnd(incident, index === intervals.length - 1), closedAtMs),
    ),
  ];
  return events.sort((a, b) => a.atMs - b.atMs);
}

function describeEnd({ merged, autoResolved, exclusion }: Incident, isLast: boolean): string {
  if (!isLast) return 'Resolved (later reopened)';
  if (merged) return 'Merged into another incident';
  if (exclusion === 'expired') return 'Expired';
  return autoResolved === true ? 'Resolved automatically' : 'Resolved';
}

/** Earlier incidents with the same fingerprint. */
export interface SimilarIncidents {
  readonly count: number;
  /** The last ones, the newest first; minutes of recovery where there is one. */
  readonly last: readonly {
    readonly id: string;
    readonly url: string | undefined;
    readonly triggeredAtMs: number;
    readonly minutes: number | undefined;
  }[];
}

function findSimilar(incident: IncidentSummary, history: StoreSnapshot, rules: RecoveryRules): SimilarIncidents {
  let count = 0;
  let newest: IncidentSummary[] = [];
  history.each((other) => {
    if (other.fingerprint !== incident.fingerprint || other.row === incident.row || !isCountable(other.flags)) return;
    if (compareByTrigger(incident, other) >= 0) return;
    count += 1;
    newest.push(other);
    if (newest.length > SIMILAR_MAX) newest = newest.sort(compareByTrigger).slice(0, SIMILAR_MAX);
  });
  newest.sort(compareByTrigger);
  const last = history.details(newest.map(({ row }) => row)).map(({ incident: found, stored }) => {
    const ms = recoveryMs(stored, rules);
    const { id, url, triggeredAtMs } = found;
    return { id, url, triggeredAtMs, minutes: ms === undefined ? undefined : ms / MINUTE_MS };
  });
  return { count, last };
}

/** The newest first. */
function compareByTrigger(a: IncidentSummary, b: IncidentSummary): number {
  return b.triggeredAtMs - a.triggeredAtMs || b.row - a.row;
}

/** What was usual when it was triggered. */
export interface Comparison {
  readonly grouping: 'service' | 'severity';
  readonly name: string;
  /** Before the trigger. */
  readonly days: number;
  /** Absent where nothing was resolved in that time. */
  readonly medianMinutes: number | undefined;
  readonly meanMinutes: number | undefined;
  readonly resolved: number;
  /** StoreSnapshot covers all of that time. */
  readonly isWhole: boolean;
}

/** The usual recovery times of its service and of its severity before it was triggered. */
function compareWithUsual(input: FactsInput): Comparison[] {
  const { history, details, settings } = input;
  const { stored, provider } = details;
  const labels = history.labels(stored.dimensionsRow);
  if (labels === undefined || labels.excluded) return [];
  const timeline = createTimeline({
    ...input,
    providers: findComparedProviders(input).map((one) => ({ ...one, isOverall: true })),
    settings: {
      ...settings,
      windows: [{ name: `${COMPARED_DAYS}d`, ms: COMPARED_MS }],
      groupings: ['service', 'severity'],
      detail: 'full',
    },
    isWanted: (one) => one.service === labels.service || one.severity === labels.severity,
  });
  // What ended at the very time of the trigger may be the incident itself.
  const rows = timeline.at(stored.triggeredAtMs - 1);
  const state = history.providers.find(({ name }) => name === provider);
  const historyStartMs = state === undefined ? undefined : findCoverage(state)?.historyStartMs;
  const isWhole = historyStartMs !== undefined && historyStartMs <= stored.triggeredAtMs - COMPARED_MS;
  return (['service', 'severity'] as const).map((grouping) => {
    const name = labels[grouping];
    const row = findRow(rows, grouping, name);
    const { p50, mttr, resolved = 0 } = row === undefined ? {} : readStatistics(row, 0);
    return { grouping, name, days: COMPARED_DAYS, medianMinutes: p50, meanMinutes: mttr, resolved, isWhole };
  });
}

/** An incident of a provider that is kept out of overall rows is compared with those of that provider. */
function findComparedProviders({ providers, details }: FactsInput): readonly ReportedProvider[] {
  const own = providers.find(({ name }) => name === details.provider);
  if (own === undefined) return [];
  return own.isOverall ? providers.filter(({ isOverall }) => isOverall) : [own];
}
