import { type Delivery, type DeliveryInput, makeDelivery } from './dora/delivery.ts';
import { findEmptyReportHints } from './empty-report-hints.ts';
import { type Filter, isRestricted, matchesFilter } from './filter.ts';
import { findAvailability, type Group, type ReportConfig, toGroups, toStatisticsSettings } from './groups.ts';
import { findNotes, isComparable, type Note } from './notes.ts';
import type { Bounds, Period } from './period.ts';
import { type LongIncident, summarizeHistory } from './summary.ts';
import {
  createTimeline,
  findProviderWindows,
  type HistoryInput,
  type ProviderWindow,
  type Timeline,
  validateWindows,
  type WindowEnd,
} from './timeline.ts';
import { findSpans, readSteps, type Step, type StepPoint, splitByCalendar } from './trend-steps.ts';

export interface ReportInput extends Omit<HistoryInput, 'settings'> {
  readonly config: ReportConfig;
  readonly period: Period;
  /** Resolved names. */
  readonly filter: Filter;
  readonly step?: Step | undefined;
  /** Also looks at the preceding period of the same length. */
  readonly isCompared?: boolean;
  readonly nowMs: number;
  /** What else of the configuration deployments need; without it they are not reported. */
  readonly deployments?: Pick<DeliveryInput['config'], 'dora' | 'recovery'> | undefined;
}

/** Everything that a report says, unrounded, in no format yet. */
export interface Report {
  readonly madeAtMs: number;
  readonly bounds: Bounds;
  readonly timezone: string;
  readonly filter: Filter;
  /** Undefined where it is not configured, and where a filter leaves out some of its severities. */
  readonly availability: ReportConfig['availability'];
  readonly businessHours: ReportConfig['businessHours'];
  /** The group `all` first, then by severity, service, team and provider. */
  readonly groups: readonly Group[];
  /** The preceding period; absent unless requested and known well enough (a note says so). */
  readonly before: { readonly bounds: Bounds; readonly groups: readonly Group[] } | undefined;
  readonly trend: { readonly step: Step; readonly points: readonly StepPoint[] } | undefined;
  readonly longest: readonly LongIncident[];
  /** Undefined where no deployments are read. */
  readonly delivery: Delivery | undefined;
  /** Undefined while no provider is known. */
  readonly openNow: number | undefined;
  readonly notes: readonly Note[];
  /** Why nothing was resolved, likeliest first; empty when something was. */
  readonly hints: readonly string[];
}

/**
 * Computes a report from the history alone; its numbers are those of `/metrics` for the same windows. Throws
 * an InputError when nothing of the period is known, and when a trend would have too many steps.
 */
export function makeReport(given: ReportInput): Report {
  const availability = findAvailability(given.config, given.filter);
  const input = { ...given, config: { ...given.config, availability } };
  const { history, config, filter, nowMs, isCompared = false } = input;
  const windows = findProviderWindows({ ...input, retentionMs: config.retentionMs }, input.period);
  const period = alignToCoverage(input.period, windows);
  const { timezone, spanMs } = period;
  validateWindows(windows, timezone);
  const trend = readTrend(input, period, windows);
  const { groups, before } = readGroups(input, isCompared && isComparable(windows));
  const summary = summarizeHistory({ ...input, windows, rules: config.recovery });
  const bounds = { firstMs: period.fromMs + 1, lastMs: period.toMs };
  const earlier = { firstMs: bounds.firstMs - spanMs, lastMs: bounds.lastMs - spanMs };
  const resolved = groups.find(({ grouping }) => grouping === 'all')?.statistics.resolved ?? 0;
  const hints = { windows, summary, timezone, isFiltered: isRestricted(filter), history };
  return {
    madeAtMs: nowMs,
    bounds,
    timezone,
    filter,
    availability,
    businessHours: config.businessHours,
    groups,
    before: before === undefined ? undefined : { bounds: earlier, groups: before },
    trend,
    longest: summary.longest,
    delivery: given.deployments && findDelivery(given, given.deployments),
    openNow: windows.some(({ provider }) => provider.isOverall) ? summary.openNow : undefined,
    notes: findNotes({ ...given, windows, period, isComparisonAsked: isCompared }),
    hints: resolved > 0 ? [] : findEmptyReportHints(hints),
  };
}

/** The deployments of the period, unless it is asked for severities alone, which deployments have not. */
function findDelivery(
  { history, config, labelMapper, period, filter, nowMs }: ReportInput,
  deployments: NonNullable<ReportInput['deployments']>,
): Report['delivery'] {
  if (filter.severities.length > 0) return undefined;
  const found = makeDelivery({
    history,
    config: { ...deployments, providers: config.providers },
    labelMapper,
    period,
    filter,
    isCompared: false,
    nowMs,
  });
  return found.groups.some(({ grouping }) => grouping === 'service') ? found : undefined;
}

/** Windows that end where providers were read reach until the last of them. */
function alignToCoverage(period: Period, windows: readonly ProviderWindow[]): Period {
  if (period.end !== 'read' || windows.length === 0) return period;
  const overall = windows.filter(({ provider }) => provider.isOverall);
  const toMs = Math.max(...(overall.length > 0 ? overall : windows).map(({ readUntilMs }) => readUntilMs));
  return { ...period, fromMs: toMs - period.spanMs, toMs };
}

function readGroups(input: ReportInput, isCompared: boolean) {
  const { period, config, filter } = input;
  const timeline = createReportTimeline(input, [period.spanMs]);
  const readAt = (end: WindowEnd) => toGroups(timeline.at(end), config, filter);
  const before = isCompared ? readAt(findPrecedingEnd(period)) : undefined;
  return { before, groups: readAt(period.end) };
}

function findPrecedingEnd({ end, spanMs }: Period): WindowEnd {
  if (typeof end === 'number') return end - spanMs;
  return { msBeforeRead: end === 'read' ? spanMs : end.msBeforeRead + spanMs };
}

function readTrend(input: ReportInput, period: Period, windows: readonly ProviderWindow[]): Report['trend'] {
  const { step } = input;
  if (step === undefined) return undefined;
  const steps = splitByCalendar(period, step);
  const overall = windows.filter(({ provider }) => provider.isOverall);
  const knownFromMs = Math.min(...overall.map((window) => window.knownFromMs));
  return { step, points: readSteps(steps, createReportTimeline(input, findSpans(steps), ['all']), knownFromMs) };
}

function createReportTimeline(input: ReportInput, spansMs: readonly number[], groupings?: readonly ['all']): Timeline {
  const { filter, config } = input;
  return createTimeline({
    ...input,
    settings: toStatisticsSettings(config, spansMs, groupings),
    isWanted: (labels) => matchesFilter(filter, labels),
  });
}
