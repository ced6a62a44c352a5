import type { LabelMapper } from '../config/label-mapper.ts';
import type { FacetLabels } from '../model/stored.ts';
import type { History } from '../store/history.ts';
import type { Step } from './calendar.ts';
import { type Filter, isOpen, isWanted } from './filter.ts';
import { type Group, groupsOf, type ReportConfig, reportSettings } from './groups.ts';
import { isComparable, knownProviders, type Note, notesOf, refuseUnknown, type StoredState } from './notes.ts';
import type { Period } from './period.ts';
import { reasonsOf } from './reasons.ts';
import { planSteps, readSteps, type StepPlan, type StepPoint } from './steps.ts';
import { type LongIncident, survey } from './survey.ts';
import { type End, openTimeline, type ReportedProvider } from './timeline.ts';

export interface ReportInput {
  readonly history: History;
  readonly providers: readonly ReportedProvider[];
  readonly reader: (provider: string) => LabelMapper | undefined;
  readonly config: ReportConfig;
  readonly period: Period;
  /** Resolved names. */
  readonly filter: Filter;
  readonly step?: Step | undefined;
  /** Also looks at the period before, which is as long. */
  readonly isCompared?: boolean;
  readonly nowMs: number;
}

/** First and last millisecond of what is reported. */
export interface Bounds {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Everything that a report says, unrounded, in no form yet. */
export interface Report {
  readonly madeAtMs: number;
  readonly bounds: Bounds;
  readonly timezone: string;
  readonly filter: Filter;
  /** The group `all` first, then by severity, service, team and provider. */
  readonly groups: readonly Group[];
  /** The period before; absent when nobody asked, or when it is not known well enough (a note says so). */
  readonly before: { readonly bounds: Bounds; readonly groups: readonly Group[] } | undefined;
  readonly trend: { readonly step: Step; readonly points: readonly StepPoint[] } | undefined;
  readonly longest: readonly LongIncident[];
  /** Undefined while no provider is known. */
  readonly openNow: number | undefined;
  readonly notes: readonly Note[];
  /** Why nothing was resolved, likeliest first; empty when something was. */
  readonly reasons: readonly string[];
}

/**
 * Computes a report from the history alone; its numbers are those of `/metrics` for the same windows. Throws
 * an InputError when nothing of the period is known, and when a trend would have too many steps.
 */
export function makeReport(input: ReportInput): Report {
  const { history, config, filter, nowMs, step, isCompared = false } = input;
  const known = knownProviders({ ...input, retentionMs: config.retentionMs });
  const period = settled(input.period, known);
  refuseUnknown(known, period);
  const plan = step === undefined ? undefined : planSteps(period, step);
  const { groups, before } = readGroups(input, isCompared && isComparable(known, period.spanMs));
  const points = plan === undefined ? [] : stepsOf(input, plan, known);
  const seen = survey({ ...input, period, reopened: config.recovery.reopened });
  const notes = notesOf({ ...input, known, period, isCompared });
  const bounds = boundsOf(period);
  const earlier = { firstMs: bounds.firstMs - period.spanMs, lastMs: bounds.lastMs - period.spanMs };
  const resolved = groups.find(({ grouping }) => grouping === 'all')?.figures.resolved ?? 0;
  return {
    madeAtMs: nowMs,
    bounds,
    timezone: period.timezone,
    filter,
    groups,
    before: before === undefined ? undefined : { bounds: earlier, groups: before },
    trend: step === undefined ? undefined : { step, points },
    longest: seen.longest,
    openNow: known.some(({ isOverall }) => isOverall) ? seen.openNow : undefined,
    notes,
    reasons: resolved > 0 ? [] : reasonsOf({ known, seen, period, isFiltered: !isOpen(filter), history }),
  };
}

/** Windows that end where providers were read reach until the last of them. */
function settled(period: Period, known: readonly StoredState[]): Period {
  if (period.end !== 'read' || known.length === 0) return period;
  const overall = known.filter(({ isOverall }) => isOverall);
  const toMs = Math.max(...(overall.length > 0 ? overall : known).map(({ readUntilMs }) => readUntilMs));
  return { ...period, fromMs: toMs - period.spanMs, toMs };
}

function boundsOf({ fromMs, toMs }: Period): Bounds {
  return { firstMs: fromMs + 1, lastMs: toMs };
}

function readGroups(input: ReportInput, isCompared: boolean) {
  const { period, config, filter } = input;
  const timeline = timelineOf(input, [period.spanMs]);
  const at = (end: End) => groupsOf(timeline.at(end), config, filter);
  const before = isCompared ? at(endBefore(period)) : undefined;
  return { before, groups: at(period.end) };
}

function stepsOf(input: ReportInput, plan: StepPlan, known: readonly StoredState[]): StepPoint[] {
  const knownFromMs = Math.min(...known.filter(({ isOverall }) => isOverall).map((one) => one.knownFromMs));
  return readSteps(plan, timelineOf(input, plan.spansMs, ['all']), knownFromMs);
}

function endBefore({ end, spanMs }: Period): End {
  if (typeof end === 'number') return end - spanMs;
  return { msBeforeRead: end === 'read' ? spanMs : end.msBeforeRead + spanMs };
}

function timelineOf(input: ReportInput, spansMs: readonly number[], groupings?: readonly ['all']) {
  const { filter, config } = input;
  return openTimeline({
    ...input,
    settings: reportSettings(config, spansMs, groupings),
    isWanted: (labels: FacetLabels) => isWanted(filter, labels),
  });
}
